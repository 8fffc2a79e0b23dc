import { mkdir, readdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import type { GapCause } from '../../src/domain/coverage.js';
import { lookIntoSpool } from '../../src/spool/look-into.js';
import type { Assignment } from '../../src/spool/spool.js';
import { at, claim, segment } from '../playback/story.js';
import { tempDir } from '../support/temp-dir.js';
import { camera } from './segments.js';

const NOW_MS = at('12:00');

async function assigned(desired: Assignment['desired'], stopCause: GapCause | null, cause: GapCause): Promise<string> {
  const root = await tempDir('glance');
  await mkdir(join(root, 'assignments'));
  const assignment: Assignment = {
    schema: 1,
    camera,
    spec: {
      source: { kind: 'secret', name: 'camera-1' },
      segmentDurationSec: 900,
      audio: 'aac',
      stallTimeoutMs: 4_000,
      socketTimeoutMs: 2_500,
      tlsVerify: false,
    },
    desired,
    stopCause,
    lastEndedAtMs: at('10:00'),
    notBeforeMs: null,
    openClaims: [claim(cause, '10:00', '10:01')],
    taskToken: null,
    updatedAtMs: at('10:01'),
  };
  await writeFile(join(root, 'assignments', `${camera}.json`), JSON.stringify(assignment));
  return root;
}

describe('looking into a spool', () => {
  it('finds nothing where there is none, and makes nothing', async () => {
    const root = await tempDir('glance');
    expect(await lookIntoSpool(join(root, 'spool'), camera, NOW_MS)).toEqual({ segments: [], claims: [] });
    expect(await readdir(root)).toEqual([]);
  });

  it('finds sealed segments oldest first, leaves broken and half written ones where they are', async () => {
    const root = await tempDir('glance');
    const folder = join(root, 'sealed', camera);
    await mkdir(folder, { recursive: true });
    const [first, second] = [segment(camera, '10:00', '10:15'), segment(camera, '10:15', '10:30')];
    const broken = segment(camera, '10:30', '10:45');
    for (const one of [second, first]) await writeFile(join(folder, `${one.id}.json`), JSON.stringify(one));
    await writeFile(join(folder, `${broken.id}.json`), '{');
    await writeFile(join(folder, `${segment(camera, '10:45', '11:00').id}.recording.mp4`), 'x');
    const before = await readdir(root, { recursive: true });
    const { segments } = await lookIntoSpool(root, camera, NOW_MS);
    expect(segments.map(({ id }) => id)).toEqual([first.id, second.id]);
    expect(await readdir(root, { recursive: true })).toEqual(before);
  });

  it.each<[Assignment['desired'], GapCause | null, GapCause, string]>([
    ['stop', 'paused', 'paused', '12:00'],
    ['stop', 'removed', 'removed', '12:00'],
    ['stop', 'moved', 'moved', '10:01'],
    ['record', null, 'camera-stalled', '10:01'],
  ])('a camera that is to %s (%s) is known to be %s until %s', async (desired, stopCause, cause, until) => {
    const { claims } = await lookIntoSpool(await assigned(desired, stopCause, cause), camera, NOW_MS);
    expect(claims).toEqual([claim(cause, '10:00', until)]);
  });
});
