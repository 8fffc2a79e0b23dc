/** Chaos: faults drawn from a seed, done to three cameras in real time; then every frame and every second is counted. */
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, it } from 'vitest';
import { afterFile } from '../support/after-file.js';
import type { Verdict } from '../support/audit/camera-verdict.js';
import { auditSystem } from '../support/audit/system-audit.js';
import { type FaultBench, startBench } from '../support/faults/fault-bench.js';
import { planFrom } from './chaos/plan.js';
import { printResult } from './chaos/result-table.js';
import { type DoneFault, runPlan } from './chaos/run-plan.js';

const CAMERAS = 3;
const SEGMENT_SEC = 5;
const PASSWORD = 'Zq7CameraCore';
const REPORT_DIR = fileURLToPath(new URL('../../.cache/soak/', import.meta.url));
/** After the last fault: the longest wait of a camera's back-off, a Temporal that was away, and what waits to be uploaded. */
const RECOVER_MS = 120_000;
const STORED_MS = 180_000;

const minutes = Number(process.env['SOAK_MINUTES'] ?? '10');
const seed = Number(process.env['SOAK_SEED'] ?? Date.now() % 1_000_000);
const replay = `npm run soak -- --minutes ${minutes} --seed ${seed}`;

it(`nothing is lost in silence in ${minutes} minutes of faults, seed ${seed}`, async () => {
  const startedAtMs = Date.now();
  const say = (line: string): void => {
    const atSec = ((Date.now() - startedAtMs) / 1_000).toFixed(1).padStart(7);
    process.stdout.write(`${new Date().toISOString().slice(11, 23)} ${atSec} s  ${line}\n`);
  };
  say(`seed ${seed}, ${minutes} minutes; again with: ${replay}`);
  const bench = await startBench({
    register: afterFile,
    cameras: Array.from({ length: CAMERAS }, () => ({ user: 'admin', password: PASSWORD })),
    segmentSec: SEGMENT_SEC,
    hasOwnServers: true,
  });
  const audit = auditSystem(bench.system, { register: afterFile, secrets: [PASSWORD] });
  const complaints: string[] = [];
  const attempt = async <T>(work: () => Promise<T>): Promise<T | undefined> =>
    await work().catch((error: unknown) => {
      complaints.push(error instanceof Error ? error.message : String(error));
      return undefined;
    });

  await bench.system.recording(60_000);
  say('all cameras record');
  const untilMs = Date.now() + minutes * 60_000;
  const done = (await attempt(async () => await runPlan(bench, planFrom(seed, CAMERAS), { untilMs, say }))) ?? [];
  await attempt(async () => await settle(bench, say));
  const { verdicts, complaints: found } = await audit.finish();
  complaints.push(...found);
  printResult({ verdicts, done, complaints, replay });
  if (complaints.length > 0) say(`everything that is known about it: ${await writeReport(bench, verdicts, done)}`);
  expect(complaints).toEqual([]);
});

/** Resolves when all cameras record again and nothing of before is still on its way. */
async function settle(bench: FaultBench, say: (line: string) => void): Promise<void> {
  const { system } = bench;
  bench.startAgain();
  await system.recording(RECOVER_MS);
  say('all faults are healed, all cameras record; waiting until everything is stored');
  const atMs = Date.now();
  await Promise.all(system.ids.map(async (id) => await system.storedAfter(id, atMs, STORED_MS)));
}

/** @returns where */
async function writeReport(
  bench: FaultBench,
  verdicts: readonly Verdict[],
  done: readonly DoneFault[],
): Promise<string> {
  const dir = join(REPORT_DIR, `seed-${seed}-${Date.now()}`);
  await mkdir(dir, { recursive: true });
  await writeFile(join(dir, 'program.log'), bench.system.output());
  await writeFile(join(dir, 'verdicts.json'), JSON.stringify({ replay, done, verdicts }, null, 1));
  return dir;
}
