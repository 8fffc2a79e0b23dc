import { stat } from 'node:fs/promises';
import { expect, onTestFinished, test } from 'vitest';
import { openFileSource } from '../../src/mp4/file-source.js';
import { type AuditedFile, type AuditReport, auditRecordings, storedCounters } from '../../src/simulator/audit.js';
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
  for (const { camera, files } of await Promise.all(cameras.map(recordCuts))) {
    expect(files.length).toBeGreaterThan(CUTS_EACH);
    expect(camera.requests.filter(({ status }) => status === 400).length).toBeGreaterThanOrEqual(3);
    const whole = await audit(camera, files);
    expect(whole.produced).toBeGreaterThan(CUTS_EACH * SEGMENT_SEC * 15);
    expect(whole).toMatchObject({ stored: whole.produced, missing: [], doubled: [] });

    // The instrument itself: a file that is not there, and one that is there twice, are seen frame by frame.
    const sixth = await storedCounters(files.slice(5, 6));
    expect((await audit(camera, files.toSpliced(5, 1))).missing).toEqual(sixth);
    expect((await audit(camera, [...files, ...files.slice(5, 6)])).doubled).toEqual(sixth);
  }
});

interface Recorded {
  readonly camera: SimulatedCamera;
  readonly files: readonly AuditedFile[];
}

async function recordCuts(camera: SimulatedCamera): Promise<Recorded> {
  const recording = await recordWithFfmpeg(camera.url, SEGMENT_SEC);
  await expect
    .poll(async () => (await recording.files()).length, { timeout: 50_000, interval: 200 })
    .toBeGreaterThan(CUTS_EACH);
  await recording.stop();
  return { camera, files: await Promise.all((await recording.files()).map(openAudited)) };
}

/** From the first to the last frame that was stored: what was before and after is not FFmpeg's to keep. */
async function audit(camera: SimulatedCamera, files: readonly AuditedFile[]): Promise<AuditReport> {
  const stored = await storedCounters(files);
  const produced = camera.framesBetween(0, Infinity);
  const timeOf = (counter: number) => produced.find((frame) => frame.counter === counter)?.atMs ?? Number.NaN;
  const range = { fromMs: timeOf(Math.min(...stored)), toMs: timeOf(Math.max(...stored)) + 1 };
  return await auditRecordings(files, { produced, gaps: [], range });
}

async function openAudited(path: string): Promise<AuditedFile> {
  const source = await openFileSource(path);
  onTestFinished(() => source.close());
  return { source, sizeBytes: (await stat(path)).size };
}
