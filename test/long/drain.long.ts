/** `drain` on a recorder that records, and on the spool of one that was killed with all that belonged to it. */
import { execFile } from 'node:child_process';
import { readdir } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { beforeAll, expect, it } from 'vitest';
import { afterFile } from '../support/after-file.js';
import { type RecorderSystem, startSystem } from '../support/recorder-system.js';
import { toolPath } from '../support/tools.js';

const MAIN = fileURLToPath(new URL('../../dist/cli/main.js', import.meta.url));
let system: RecorderSystem;

beforeAll(async () => {
  system = await startSystem({ register: afterFile, cameras: [{}, {}], segmentSec: 10 });
});

async function drain(): Promise<string> {
  const env = { ...system.env, PATH: `${dirname(toolPath('ffmpeg'))}:${process.env['PATH']}` };
  const { stdout } = await promisify(execFile)(process.execPath, [MAIN, 'drain'], { env, timeout: 120_000 });
  return stdout;
}

async function recordingsIn(folder: 'open' | 'sealed', suffix: string): Promise<number> {
  const names = await readdir(join(system.spoolDir, folder), { recursive: true });
  return names.filter((name) => name.endsWith(suffix)).length;
}

async function expectDrained(): Promise<void> {
  expect(await recordingsIn('open', '.mp4')).toBe(0);
  expect(await recordingsIn('sealed', '.receipt.json')).toBe(await recordingsIn('sealed', '.recording.mp4'));
  expect(await recordingsIn('sealed', '.receipt.json')).toBeGreaterThan(0);
}

it('stops the recorder that has the spool, and sends all it has', async () => {
  await system.recording();
  const said = await drain();
  expect(said).toContain(`Stopping the recorder, process ${system.recorder.keeper.pid} …`);
  expect(said).toContain('Everything is stored.');
  expect(await system.recorder.ended).toBe(0);
  await expectDrained();
});

it('seals and sends what a killed recorder left open, and leaves what was wanted as it was', async () => {
  system.start();
  await system.recording();
  const { recorder } = system;
  for (const pid of [recorder.keeper.pid, recorder.workerPid(), ...recorder.ffmpegPids()]) {
    process.kill(pid ?? Number.NaN, 'SIGKILL');
  }
  await recorder.ended;
  expect(await recordingsIn('open', '.mp4')).toBeGreaterThan(0);
  expect(await drain()).toContain('Everything is stored.');
  await expectDrained();
  // Both cameras are recorded again by themselves.
  system.start();
  await system.recording();
});
