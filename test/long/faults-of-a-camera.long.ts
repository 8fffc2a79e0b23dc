import { beforeAll, expect, it } from 'vitest';
import { flappingEvery14s } from '../fault/single/flapping-14s.js';
import { afterFile } from '../support/after-file.js';
import { auditSystem, type SystemAudit } from '../support/audit/system-audit.js';
import { type FaultBench, startBench } from '../support/faults/fault-bench.js';
import { proveFault } from '../support/faults/single-fault.js';

const SEGMENT_SEC = 5;

let bench: FaultBench;
let audit: SystemAudit;
beforeAll(async () => {
  bench = await startBench({ register: afterFile, cameras: [{ audio: false }], segmentSec: SEGMENT_SEC });
  audit = auditSystem(bench.system, { register: afterFile });
  await bench.system.recording();
  await Promise.all(bench.system.ids.map(async (id) => await bench.system.storedUntil(id, 1)));
});

it(`a camera is recorded on, and every frame counted, when ${flappingEvery14s.what}`, async () => {
  await proveFault(bench, [0], flappingEvery14s);
  expect((await audit.finish()).complaints).toEqual([]);
});
