/** Half an hour with a healthy, a dead and a flapping camera: what keeper and worker hold stays the same, and every frame is accounted for. */
import { loadavg } from 'node:os';
import { expect, it } from 'vitest';
import { afterFile } from '../support/after-file.js';
import { auditSystem } from '../support/audit/system-audit.js';
import type { Begun } from '../support/faults/fault.js';
import { type FaultBench, startBench, victimAt } from '../support/faults/fault-bench.js';
import { type FaultName, faults } from '../support/faults/faults.js';
import { waitFor } from '../support/wait-for.js';
import { cameraTable, causeTable } from './chaos/result-table.js';
import { courseTable, watchHeld } from './steadiness.js';

/** `MINUTES=1` for fewer. */
const minutes = Number(process.env['MINUTES'] ?? '30');
const SEGMENT_SEC = 30;
const EVERY_MS = Math.min(5_000, minutes * 1_000);
/** The least there is: what is stored and kept has come to its full number by the second third of half an hour. */
const KEEP_LOCAL_MINUTES = '10';
const SHOWN_WITHIN_MS = 20_000;
/** The longest wait of a camera's back-off. */
const RECOVER_MS = 60_000;
const STORED_MS = 120_000;

it(`what the program holds is the same after ${minutes} minutes with a dead and a flapping camera`, async () => {
  const bench = await startBench({
    register: afterFile,
    cameras: [{}, {}, {}],
    segmentSec: SEGMENT_SEC,
    env: { KEEP_LOCAL_MINUTES },
  });
  const { system } = bench;
  const audit = auditSystem(system, { register: afterFile });
  await system.recording(60_000);
  await audit.noteDescriptors();
  const begun = [await begin(bench, 1, 'camera gone'), await begin(bench, 2, 'flapping every 14 s')];
  const loadBefore = loadavg();
  const courses = await watchHeld(system, { durationMs: minutes * 60_000, everyMs: EVERY_MS });
  const load = [loadBefore[0], ...loadavg()].map((value) => value?.toFixed(1));
  for (const fault of begun) await fault.heal();
  await system.recording(RECOVER_MS);
  const atMs = Date.now();
  for (const id of system.ids) await system.storedAfter(id, atMs, STORED_MS);
  const { verdicts, complaints } = await audit.finish();
  const lines = [...courseTable(courses), '', ...cameraTable(verdicts), '', ...causeTable(verdicts)];
  const title = `${minutes} minutes, one look every ${EVERY_MS / 1_000} s, load at first ${load[0]}, at the end ${load.slice(1).join(', ')}`;
  process.stdout.write(`\n${title}\n\n${lines.join('\n')}\n\n`);
  expect(complaints).toEqual([]);
  expect(courses.filter(({ isFlat }) => !isFlat)).toEqual([]);
});

/** Resolves when the fault is there. */
async function begin(bench: FaultBench, camera: number, name: FaultName): Promise<Begun> {
  const begun = await faults[name].inject(victimAt(bench, camera));
  await waitFor(() => begun.shows(), { what: name, deadlineMs: SHOWN_WITHIN_MS });
  return begun;
}
