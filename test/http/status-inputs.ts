import type { CameraConfig } from '../../src/config/config.js';
import type { CameraCondition } from '../../src/domain/camera.js';
import { DEFAULT_SPEC } from '../../src/domain/camera.js';
import { type CameraId, parseCameraId, parseSessionId } from '../../src/domain/ids.js';
import { createLocalTime } from '../../src/domain/local-time.js';
import type { StatusInput } from '../../src/http/status-view.js';
import type { CameraStatistics } from '../../src/recorder/recorder.js';
import type { UploadStatus } from '../../src/workers/worker-status.js';

export const camera1 = parseCameraId('camera-1');
export const at = (time: string): number => Date.parse(`2026-11-25T${time}Z`);

export function cameraConfig(id: CameraId, more: Partial<CameraConfig> = {}): CameraConfig {
  return {
    id,
    name: id,
    site: null,
    tags: [],
    spec: { source: { kind: 'secret', name: id }, ...DEFAULT_SPEC },
    retention: null,
    ...more,
  };
}

export const recording: CameraCondition = {
  kind: 'recording',
  sinceMs: at('13:03:12'),
  session: parseSessionId('20261125T130312Z-7f3a'),
  lastFrameAtMs: at('13:07:59'),
};

export const statistics: CameraStatistics = {
  sessionsByOutcome: {},
  segmentsByOutcome: { sealed: 1, salvaged: 0, remuxed: 0, 'as-recorded': 0, quarantined: 0, empty: 0 },
  recordedSec: 900,
  gapSecByCause: {},
  claimsToCome: [],
  lastSealLagMs: 25,
  openSegment: { startedAtMs: at('13:03:12'), sealsAtMs: at('13:15:00') },
  lastSealed: { fromMs: at('12:45:00'), toMs: at('13:00:00') },
};

export const uploads: UploadStatus = {
  waitingSegments: 0,
  waitingBytes: 0,
  oldestWaitingMs: null,
  lastStored: { fromMs: at('13:00:00'), toMs: at('13:15:00') },
  uploadedSegments: 1,
  uploadedBytes: 1,
  failures: 0,
  reclaimedSegments: 0,
  lostInStore: 0,
  sweptUploads: 0,
  verifiedObjects: 0,
  damagedObjects: 0,
};

/** One camera that records, in Berlin at 14:08:02, with everything well. */
export function statusInput(more: Partial<StatusInput> = {}): StatusInput {
  const reachable = { isReachable: true, sinceMs: 0, detail: null };
  return {
    nowMs: at('13:08:02'),
    time: createLocalTime('Europe/Berlin'),
    configured: [cameraConfig(camera1)],
    conditions: new Map([[camera1, recording]]),
    specs: new Map([[camera1, cameraConfig(camera1).spec]]),
    statistics: new Map([[camera1, statistics]]),
    worker: {
      temporal: reachable,
      store: reachable,
      uploadsInFlight: 0,
      backgroundFailures: new Map(),
      declined: new Map(),
      wrongDays: new Map(),
      retention: new Map(),
      bucket: null,
      damaged: [],
      uploads: new Map([[camera1, uploads]]),
      spool: null,
      spoolOutlook: null,
      supervision: null,
    },
    gapsToday: () => ({}),
    countedSinceMs: () => at('13:08:02') - 86_400_000,
    limitNotice: null,
    webUi: null,
    ...more,
  };
}
