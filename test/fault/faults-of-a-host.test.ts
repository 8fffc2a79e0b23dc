/** The processes of a recorder fail in turn, each test goes on with what the one before left running; then everything is judged. */
import { beforeAll, describe, expect, it } from 'vitest';
import { afterFile } from '../support/after-file.js';
import { auditSystem, type SystemAudit } from '../support/audit/system-audit.js';
import { type FaultBench, startBench } from '../support/faults/fault-bench.js';
import { proveFault } from '../support/faults/single-fault.js';
import { everythingStopped } from './single/everything-stopped.js';
import { keeperStopped } from './single/keeper-stopped.js';
import { workerStopped } from './single/worker-stopped.js';

const SEGMENT_SEC = 4;
const PASSWORD = 'Zq7CameraCore';

describe('two cameras are recorded on, and every frame counted, when', () => {
  let bench: FaultBench;
  let audit: SystemAudit;
  beforeAll(async () => {
    const camera = { user: 'admin', password: PASSWORD, audio: false };
    bench = await startBench({
      register: afterFile,
      cameras: [camera, camera],
      segmentSec: SEGMENT_SEC,
    });
    audit = auditSystem(bench.system, { register: afterFile, secrets: [PASSWORD] });
    await bench.system.recording();
    await Promise.all(bench.system.ids.map(async (id) => await bench.system.storedUntil(id, 1)));
    await audit.noteDescriptors();
  });

  it.each([everythingStopped, keeperStopped, workerStopped])('$what', { timeout: 90_000 }, async (single) => {
    const ffmpegs = bench.system.recorder.ffmpegPids();
    await proveFault(bench, [0, 1], single);
    expect(bench.system.recorder.ffmpegPids()).toEqual(ffmpegs);
  });

  it('and the program leaves nothing', { timeout: 60_000 }, async () => {
    expect((await audit.finish()).complaints).toEqual([]);
  });
});
