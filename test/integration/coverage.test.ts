/** The promise itself, asked of the program by its own command: a camera is paused and goes on, and no second is unexplained. */
import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { expect, it, onTestFinished } from 'vitest';
import type { CoverageReport } from '../../src/cli/coverage-report.js';
import { startSystem } from '../support/recorder-system.js';
import { tempDir } from '../support/temp-dir.js';
import { waitFor } from '../support/wait-for.js';

const MAIN = fileURLToPath(new URL('../../dist/cli/main.js', import.meta.url));
const SEGMENT_SEC = 4;

it('every second of a camera that was paused is footage or has its cause, by the bucket alone', {
  timeout: 120_000,
}, async () => {
  const system = await startSystem({
    register: onTestFinished,
    cameras: [{}],
    segmentSec: SEGMENT_SEC,
    env: { CAMERA_RECORDER_TIME_SCALE: '0.2' },
  });
  const [camera] = system.ids;
  if (camera === undefined) throw new Error('no camera');
  const startedAtMs = Date.now();
  await system.recording();
  const handle = system.temporal.workflow.getHandle(camera);
  await handle.executeUpdate('pause', { args: [{ reason: 'the wall is painted' }] });
  const gap = await waitFor(async () => await firstGapObject(), {
    what: 'a gap object',
    deadlineMs: 40_000,
    pollMs: 200,
  });
  expect(gap).toMatch(/\/\d{8}\/\d\d-\d\d-\d\d_camera-1\.gap\.json$/);
  await handle.executeUpdate('resume');
  const resumedAtMs = Date.now();
  await system.storedAfter(camera, resumedAtMs, 40_000);
  const report = await coverage(new Date(startedAtMs).toISOString(), new Date(resumedAtMs).toISOString());
  const causes = report.totals.byCause.map(({ cause }) => cause);
  expect(report.totals).toMatchObject({ unexplainedMs: 0 });
  expect(report.pendingMs).toBe(0);
  expect(causes).toEqual(['paused']);
  expect(report.totals.footageMs).toBeGreaterThan(0);

  async function firstGapObject(): Promise<string | null> {
    for await (const { key } of system.store.list(`${camera}/`, AbortSignal.timeout(10_000))) {
      if (key.endsWith('.gap.json')) return key;
    }
    return null;
  }

  async function coverage(from: string, to: string): Promise<CoverageReport> {
    const when = `${from.slice(0, 19)}Z..${to.slice(0, 19)}Z`;
    // Not the spool: the bucket must be enough.
    const env = { ...system.env, TEMP_DIR: await tempDir('no-spool'), PATH: process.env['PATH'] };
    const args = [MAIN, 'coverage', camera ?? '', when, '--json'];
    const { stdout } = await promisify(execFile)(process.execPath, args, { env, cwd: await tempDir('coverage') });
    return JSON.parse(stdout) as CoverageReport;
  }
});
