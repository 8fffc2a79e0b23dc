import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import type { SegmentId } from '../../src/domain/ids.js';
import { createBench, isRecording, PASSWORD, until } from './bench.js';

describe.concurrent('a camera', () => {
  test('is recorded, cut on the clock and sealed; a stop seals the last segment; no frame is lost between', async ({
    onTestFinished,
  }) => {
    const bench = await createBench({ onTestFinished });
    const { id, spec, simulated } = await bench.camera('camera-1');
    const recorder = await bench.recorder();
    const attachment = await recorder.attach(id, spec, { lastEndedAtMs: null, notBeforeMs: null, taskToken: null });
    await isRecording(recorder, id);
    await until('two segments are sealed', async () => (await bench.segments(id)).length >= 2);
    const { lastEndedAtMs } = await attachment.stop('paused');
    const segments = await bench.segments(id);
    expect(segments.map(({ closed }) => closed)).toEqual([...segments.slice(1).map(() => 'cut'), 'stop-requested']);
    expect(segments.map(({ container }) => container)).toEqual(segments.map(() => 'header-in-front'));
    expect(lastEndedAtMs).toBe(segments.at(-1)?.toMs);
    for (const [position, segment] of segments.entries()) {
      expect(segment.gapsBefore).toEqual([]);
      if (position > 0) expect(segment.fromMs).toBe(segments[position - 1]?.toMs);
      if (position > 0) expect(segment.nominalStartMs % 5_000).toBe(0);
    }
    const stored = await bench.storedFrames(id);
    const first = stored[0] ?? 0;
    expect(stored).toEqual(stored.map((_, position) => first + position));
    expect(stored.length).toBe(segments.reduce((sum, segment) => sum + segment.video.frames, 0));
    expect(simulated.framesSent).toBeGreaterThan(0);
    expect(recorder.conditions().get(id)?.kind).toBe('paused');
  });

  test('is told of to listeners, and is recorded with nothing attached', async ({ onTestFinished }) => {
    const bench = await createBench({ onTestFinished });
    const { id, spec } = await bench.camera('told');
    const recorder = await bench.recorder();
    const kinds: string[] = [];
    const sealed: SegmentId[] = [];
    recorder.onCondition((_, { kind }) => kinds.push(kind));
    const forget = recorder.onSealed((segment) => sealed.push(segment.id));
    await recorder.recordUnattached(id, spec);
    await isRecording(recorder, id);
    expect(recorder.unattached().map(({ camera }) => camera)).toEqual([id]);
    await recorder.stopUnattached(id, 'cancelled');
    expect(kinds).toEqual(['connecting', 'recording', 'unassigned']);
    expect(sealed).toEqual((await bench.segments(id)).map((segment) => segment.id));
    expect(recorder.unattached()).toEqual([]);
    forget();
    await recorder.recordUnattached(id, spec);
    expect(recorder.conditions().get(id)).toMatchObject({ kind: 'unassigned', cause: 'removed' });
    await recorder.close('detach');
    const next = await bench.recorder();
    expect(next.conditions().get(id)).toMatchObject({ kind: 'unassigned', cause: 'removed' });
  });

  test('leaves its password in no file, no log line and no argument', async ({ onTestFinished }) => {
    const bench = await createBench({ onTestFinished });
    const { id, spec, simulated } = await bench.camera('secretive');
    const recorder = await bench.recorder({ policies: { timeScale: 0.02 } });
    await simulated.setFault({ kind: 'wrong-password' });
    const attachment = await recorder.attach(id, spec, { lastEndedAtMs: null, notBeforeMs: null, taskToken: null });
    await until('it was refused', () => recorder.statistics().get(id)?.sessionsByOutcome['unauthorized']);
    await simulated.clearFaults();
    await until('a process runs', async () => (await bench.processes.list()).length > 0);
    const [running] = await bench.processes.list();
    expect(await readFile(`/proc/${running?.pid}/cmdline`, 'utf8')).not.toMatch(secret);
    expect(await readFile(`/proc/${running?.pid}/environ`, 'utf8')).not.toMatch(secret);
    await attachment.stop('paused');
    expect(bench.logged.join('')).not.toMatch(secret);
    const files = await readdir(bench.spool.layout.root, { recursive: true, withFileTypes: true });
    for (const file of files.filter((entry) => entry.isFile())) {
      expect(await readFile(join(file.parentPath, file.name), 'latin1')).not.toMatch(secret);
    }
    expect(files.filter(({ name }) => name === 'ffmpeg.log')).toEqual([]);
  });
});

/** As it is, and percent-encoded. */
const secret = new RegExp([PASSWORD, 'p%27a%40s%20s', "p'a%40s%20s"].join('|'), 'i');
