import { stat } from 'node:fs/promises';
import { expect, onTestFinished, test } from 'vitest';
import { openFileSource } from '../../src/mp4/file-source.js';
import { type AuditedFile, auditFrames, storedCounters } from '../../src/simulator/audit.js';
import type { SimulatedCamera } from '../../src/simulator/simulated-camera.js';
import { recordWithFfmpeg } from './ffmpeg-recording.js';
import { startCamera } from './started-camera.js';

const CUTS_EACH = 15;
const SEGMENT_SEC = 2;

test('FFmpeg alone loses and doubles no frame over thirty cuts, on cameras that refuse to be kept alive', {
  timeout: 60_000,
}, async () => {
  // Two side by side, so that thirty cuts take half the time.
  const cameras = [
    await startCamera({ refuseGetParameter: true }),
    await startCamera({ refuseGetParameter: true, audio: false }),
  ];
  const results = await Promise.all(cameras.map(recordCuts));
  for (const [index, { files, counters }] of results.entries()) {
    const camera = cameras[index];
    expect(files.length).toBeGreaterThan(CUTS_EACH);
    expect(counters.length).toBeGreaterThan(CUTS_EACH * SEGMENT_SEC * 15);
    expect(camera?.requests.filter(({ status }) => status === 400).length).toBeGreaterThanOrEqual(3);
    const produced = camera?.framesBetween(0, Infinity) ?? [];
    const stamped = produced.filter(({ counter }) => counters[0] === counter || counters.at(-1) === counter);
    const range = { fromMs: stamped[0]?.atMs ?? 0, toMs: (stamped[1]?.atMs ?? 0) + 1 };
    const report = auditFrames({ produced, stored: counters, gaps: [], range });
    expect(report).toMatchObject({ produced: counters.length, missing: [], doubled: [] });
  }
});

async function recordCuts(
  camera: SimulatedCamera,
): Promise<{ readonly files: readonly string[]; readonly counters: readonly number[] }> {
  const recording = await recordWithFfmpeg(camera.url, SEGMENT_SEC);
  await expect
    .poll(async () => (await recording.files()).length, { timeout: 50_000, interval: 200 })
    .toBeGreaterThan(CUTS_EACH);
  await recording.stop();
  const files = await recording.files();
  return { files, counters: await storedCounters(await Promise.all(files.map(openAudited))) };
}

async function openAudited(path: string): Promise<AuditedFile> {
  const source = await openFileSource(path);
  onTestFinished(() => source.close());
  return { source, sizeBytes: (await stat(path)).size };
}
