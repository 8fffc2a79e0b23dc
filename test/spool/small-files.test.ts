import { mkdir, readdir, readFile, stat, utimes, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { DEFAULT_SPEC } from '../../src/domain/camera.js';
import { parseCameraId, parseRecorderId, parseSessionId } from '../../src/domain/ids.js';
import { createSpoolLayout } from '../../src/spool/layout.js';
import { readNamespaceId, writeNamespaceId } from '../../src/spool/namespace-id.js';
import { openSpool } from '../../src/spool/open-spool.js';
import { newRecorderId } from '../../src/spool/recorder-id.js';
import { createReserve } from '../../src/spool/reserve.js';
import {
  listSessions,
  openFiles,
  readSessionFile,
  type SessionFile,
  writeSessionFile,
} from '../../src/spool/session-files.js';
import type { Assignment } from '../../src/spool/spool.js';
import { camera, RESERVE_BYTES, session, silent, spoolIn, temporaryFolder } from './segments.js';

const spec = { ...DEFAULT_SPEC, source: { kind: 'secret', name: 'camera-1' } } as const;
const assignment: Assignment = {
  schema: 1,
  camera,
  spec,
  desired: 'stop',
  stopCause: 'paused',
  lastEndedAtMs: 1_000,
  notBeforeMs: null,
  openClaims: [{ fromMs: 1, toMs: 2, cause: 'paused', by: parseRecorderId('recorder-1') }],
  taskToken: 'dG9rZW4=',
  stability: {
    sinceMs: 1,
    lostAtMs: [2],
    claims: [{ fromMs: 1, toMs: 2, cause: 'stream-ended', by: parseRecorderId('recorder-1') }],
    unstableSinceMs: null,
  },
  updatedAtMs: 0,
};

describe('the recorder id', () => {
  test('is made once and kept', async () => {
    const root = await temporaryFolder();
    const first = await spoolIn(root);
    expect((await spoolIn(root)).recorder).toBe(first.recorder);
    expect(first.recorder).toMatch(/-[0-9a-f]{6}$/);
  });

  test('can be given to a new spool, and never renames one', async () => {
    const root = await temporaryFolder();
    const options = { log: silent, reserveBytes: RESERVE_BYTES };
    const mine = parseRecorderId('mine');
    for (const id of [{ recorderId: mine }, { recorderId: mine }, {}]) {
      expect((await openSpool(root, { ...options, ...id })).recorder).toBe('mine');
    }
    await expect(openSpool(root, { ...options, recorderId: parseRecorderId('yours') })).rejects.toMatchObject({
      code: 'invalid-input',
      message: expect.stringMatching(/mine.*yours/),
    });
  });

  test.each([
    ['NVR.local', 'nvr-local-abcdef'],
    ['--', 'recorder-abcdef'],
    ['', 'recorder-abcdef'],
    [`${'x'.repeat(49)}.${'y'.repeat(80)}`, `${'x'.repeat(49)}-abcdef`],
    ['küche', 'k-che-abcdef'],
  ])('of the host %j is %s', (host, id) => {
    expect(newRecorderId(host, 'abcdef')).toBe(id);
  });
});

test('the namespace id is what was written last', async () => {
  const { layout } = await spoolIn(await temporaryFolder());
  expect(await readNamespaceId(layout)).toBeUndefined();
  await writeNamespaceId(layout, 'one');
  await writeNamespaceId(layout, 'two');
  expect(await readNamespaceId(layout)).toBe('two');
});

describe('assignments', () => {
  test('come back as they were saved, also from a new spool on the same disk', async () => {
    const root = await temporaryFolder();
    const { assignments } = await spoolIn(root);
    const { stability: _, ...noted } = assignment;
    const other = { ...noted, camera: parseCameraId('camera-2') };
    await assignments.save(assignment);
    await assignments.save(other);
    expect(await (await spoolIn(root)).assignments.list()).toEqual([assignment, other]);
  });

  test('of one camera are written in the order they were saved', async () => {
    const { assignments } = await spoolIn(await temporaryFolder());
    const saves = Array.from({ length: 20 }, (_, updatedAtMs) => assignments.save({ ...assignment, updatedAtMs }));
    await Promise.all(saves);
    expect((await assignments.find(camera))?.updatedAtMs).toBe(19);
  });

  test.each([
    ['torn', '{"schema":1,'],
    ['of another camera', JSON.stringify({ ...assignment, camera: 'camera-9' })],
    [
      'with a password in its URL',
      JSON.stringify({ ...assignment, spec: { ...spec, source: { kind: 'url', rtspUrl: 'rtsp://u:hunter2@h/' } } }),
    ],
  ])('that are %s are quarantined, and the others still listed', async (_what, text) => {
    const root = await temporaryFolder();
    const spool = await spoolIn(root);
    const other = { ...assignment, camera: parseCameraId('camera-2') };
    await spool.assignments.save(other);
    await writeFile(join(root, 'assignments', 'camera-1.json'), text);
    await writeFile(join(root, 'assignments', 'Not A Camera.json'), text);
    expect(await spool.assignments.list()).toEqual([other]);
    const reason = (await readdir(spool.layout.quarantineDir)).find((name) => name.endsWith('.reason.txt')) ?? '';
    expect(await readFile(join(spool.layout.quarantineDir, reason), 'utf8')).not.toContain('hunter2');
    expect(await readdir(join(root, 'assignments'))).toEqual(['Not A Camera.json', 'camera-2.json']);
  });
});

describe('the reserve', () => {
  test('takes its size, is given up, taken again, and repaired when a crash left it short', async () => {
    const path = join(await temporaryFolder(), 'reserve');
    const reserve = createReserve(path, 3_000_000);
    expect(await reserve.restore()).toBe(true);
    expect((await stat(path)).blocks * 512).toBeGreaterThanOrEqual(3_000_000);
    expect([await reserve.release(), await reserve.release()]).toEqual([true, false]);
    await writeFile(path, 'short');
    expect(await reserve.restore()).toBe(true);
    expect((await stat(path)).size).toBe(3_000_000);
  });

  test('is not taken from a disk that has not twice its size to spare', async () => {
    const path = join(await temporaryFolder(), 'reserve');
    expect(await createReserve(path, Number.MAX_SAFE_INTEGER / 4).restore()).toBe(false);
    await expect(stat(path)).rejects.toMatchObject({ code: 'ENOENT' });
  });
});

describe('sessions', () => {
  const file: SessionFile = { schema: 1, session, camera, spec, startedAtMs: 1_765_675_802_000 };

  test('are found on disk with what was written about them', async () => {
    const layout = createSpoolLayout(await temporaryFolder());
    expect(await listSessions(layout)).toEqual([]);
    const dir = layout.sessionDir(camera, session);
    await writeSessionFile(dir, file);
    const later = parseSessionId('20251214T013003Z-0000');
    await mkdir(layout.sessionDir(camera, later));
    await mkdir(join(layout.root, 'open', 'lost+found'));
    await mkdir(join(layout.openDir(camera), 'not-a-session'));
    expect(await listSessions(layout)).toEqual([
      { camera, session, dir },
      { camera, session: later, dir: layout.sessionDir(camera, later) },
    ]);
    expect(await readSessionFile(dir)).toEqual(file);
    expect(await readSessionFile(layout.sessionDir(camera, later))).toBeUndefined();
    await writeFile(join(dir, 'session.json'), '{');
    expect(await readSessionFile(dir)).toBeUndefined();
  });

  test('list the files FFmpeg numbered, in order, and nothing else', async () => {
    const dir = await temporaryFolder();
    for (const name of ['000010.mp4', '000002.mp4', 'ffmpeg.log', '000001.remuxed.mp4', '1.mp4'])
      await writeFile(join(dir, name), name);
    await utimes(join(dir, '000002.mp4'), 1, 1);
    const files = await openFiles(dir);
    expect(files.map(({ index, sizeBytes }) => [index, sizeBytes])).toEqual([
      [2, 10],
      [10, 10],
    ]);
    expect(files[0]?.mtimeMs).toBe(1_000);
    expect(files[0]?.birthtimeMs ?? Date.now()).toBeGreaterThan(1_000);
    expect(await openFiles(join(dir, 'nowhere'))).toEqual([]);
  });
});
