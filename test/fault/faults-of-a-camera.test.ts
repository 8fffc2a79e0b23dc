/** One fault a camera, all at once, and one camera without any; then everything of the recorder is judged. */
import { beforeAll, describe, expect, it } from 'vitest';
import { afterFile } from '../support/after-file.js';
import { judge } from '../support/audit/camera-verdict.js';
import { auditSystem, type SystemAudit } from '../support/audit/system-audit.js';
import { type FaultBench, startBench } from '../support/faults/fault-bench.js';
import { proveFault, type SingleFault } from '../support/faults/single-fault.js';
import { bursts } from './single/bursts.js';
import { ffmpegStopped } from './single/ffmpeg-stopped.js';
import { flappingEvery3s } from './single/flapping-3s.js';
import { halfOpen } from './single/half-open.js';
import { newParameters } from './single/new-parameters.js';
import { newUrl } from './single/new-url.js';
import { placesTaken } from './single/places-taken.js';
import { reset } from './single/reset.js';
import { timestampsAhead } from './single/timestamps-ahead.js';
import { timestampsBack } from './single/timestamps-back.js';

const SINGLE_FAULTS: readonly SingleFault[] = [
  ffmpegStopped,
  halfOpen,
  reset,
  placesTaken,
  newParameters,
  timestampsAhead,
  timestampsBack,
  newUrl,
  bursts,
  flappingEvery3s,
];
const HEALTHY = SINGLE_FAULTS.length;
const SEGMENT_SEC = 5;
const PASSWORD = 'Zq7CameraCore';
/** Starting a dozen FFmpegs on two cores takes a while. */
const STARTED_MS = 60_000;

let bench: FaultBench;
let audit: SystemAudit;
beforeAll(async () => {
  const camera = { user: 'admin', password: PASSWORD, audio: false };
  bench = await startBench({
    register: afterFile,
    cameras: Array.from({ length: HEALTHY + 1 }, () => camera),
    segmentSec: SEGMENT_SEC,
  });
  audit = auditSystem(bench.system, { register: afterFile, secrets: [PASSWORD] });
  await bench.system.recording(STARTED_MS);
  await Promise.all(bench.system.ids.map(async (id) => await bench.system.storedUntil(id, 1)));
  await audit.noteDescriptors();
}, 2 * STARTED_MS);

describe.concurrent('a camera is recorded on, and every frame counted, when', () => {
  it.each(SINGLE_FAULTS.map((single, index) => ({ ...single, index })))(
    '$what',
    { timeout: 90_000 },
    async ({ index, ...single }) => await proveFault(bench, [index], single),
  );
});

it('the camera beside them loses nothing, and the program leaves nothing', { timeout: 120_000 }, async () => {
  const { complaints } = await audit.finish();
  expect(complaints).toEqual([]);
  const { audit: report, gapSec } = await judge(bench.system, HEALTHY);
  expect({ lost: report.produced - report.stored, gapSec }).toEqual({ lost: 0, gapSec: 0 });
});
