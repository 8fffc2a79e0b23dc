import { Counter, Gauge, type Registry } from 'prom-client';
import type { CameraCondition } from '../domain/camera.js';
import type { CameraId } from '../domain/ids.js';
import { OUTCOME_KINDS, RECORDER_GAP_CAUSES } from './outcome.js';
import type { Recorder } from './recorder.js';
import { type CameraStatistics, SEAL_OUTCOMES } from './statistics.js';

type Source = Pick<Recorder, 'conditions' | 'statistics'>;
type Name = { readonly name: string; readonly help: string };
type OfCamera = Name & { readonly of: (statistics: CameraStatistics) => number };
type ByLabel = Name & {
  readonly label: string;
  /** All there can be: each has a series from the start, with 0. */
  readonly values: readonly string[];
  readonly of: (statistics: CameraStatistics) => Readonly<Record<string, number>>;
};

const LABELLED_COUNTERS: readonly ByLabel[] = [
  {
    name: 'camera_reconnects_total',
    help: 'Sessions that ended, by outcome; unless it was asked for, the next one starts by itself.',
    label: 'outcome',
    values: OUTCOME_KINDS,
    of: ({ sessionsByOutcome }) => sessionsByOutcome,
  },
  {
    name: 'camera_gap_seconds_total',
    help: 'Seconds without footage, by cause. Grows while a gap lasts.',
    label: 'cause',
    values: RECORDER_GAP_CAUSES,
    of: ({ gapSecByCause }) => gapSecByCause,
  },
  {
    name: 'camera_segments_total',
    help: 'Closed files, by what became of them.',
    label: 'outcome',
    values: SEAL_OUTCOMES,
    of: ({ segmentsByOutcome }) => segmentsByOutcome,
  },
];

const RECORDED: OfCamera = {
  name: 'camera_recorded_seconds_total',
  help: 'Video on disk, seconds, the open file included.',
  of: ({ recordedSec }) => recordedSec,
};

const SEAL_LAG: OfCamera = {
  name: 'camera_seal_lag_seconds',
  help: 'From closed to sealed, of the last segment.',
  of: ({ lastSealLagMs }) => (lastSealLagMs ?? 0) / 1_000,
};

/** Registers the recorder's series; they are read at every scrape. Every known camera has all of them, with 0. */
export function registerRecorderMetrics(registry: Registry, recorder: Source): void {
  for (const counter of LABELLED_COUNTERS) registerLabelled(registry, recorder, counter);
  new Counter({
    name: RECORDED.name,
    help: RECORDED.help,
    labelNames: ['camera_id'],
    registers: [registry],
    collect() {
      this.reset();
      for (const [camera, one] of recorder.statistics()) this.inc({ camera_id: camera }, RECORDED.of(one));
    },
  });
  new Gauge({
    name: SEAL_LAG.name,
    help: SEAL_LAG.help,
    labelNames: ['camera_id'],
    registers: [registry],
    collect() {
      for (const [camera, one] of recorder.statistics()) this.set({ camera_id: camera }, SEAL_LAG.of(one));
    },
  });
  registerConnected(registry, recorder);
  registerUnstable(registry, recorder);
  registerLastFrame(registry, recorder);
}

function registerLabelled(registry: Registry, recorder: Source, { name, help, label, values, of }: ByLabel): void {
  new Counter({
    name,
    help,
    labelNames: ['camera_id', label],
    registers: [registry],
    collect() {
      // Mirrors counts kept elsewhere: set by starting from 0 again.
      this.reset();
      for (const [camera, one] of recorder.statistics()) {
        const counts = of(one);
        for (const value of values) this.inc({ camera_id: camera, [label]: value }, counts[value] ?? 0);
      }
    },
  });
}

function registerConnected(registry: Registry, recorder: Source): void {
  new Gauge({
    name: 'camera_stream_connected',
    help: '1 while new video frames reach the disk.',
    labelNames: ['camera_id'],
    registers: [registry],
    collect() {
      for (const [camera, { kind }] of recorder.conditions())
        this.set({ camera_id: camera }, Number(kind === 'recording'));
    },
  });
}

function registerUnstable(registry: Registry, recorder: Source): void {
  new Gauge({
    name: 'camera_unstable',
    help: '1 while a camera loses its connection again and again: six times within an hour, until two are left of it.',
    labelNames: ['camera_id'],
    registers: [registry],
    collect() {
      for (const [camera, { unstable }] of recorder.conditions())
        this.set({ camera_id: camera }, Number(unstable !== undefined));
    },
  });
}

function registerLastFrame(registry: Registry, recorder: Source): void {
  const lastMs = new Map<CameraId, number>();
  new Gauge({
    name: 'camera_last_frame_timestamp_seconds',
    help: 'When the last new video frame was seen on disk, Unix time; 0 before the first.',
    labelNames: ['camera_id'],
    registers: [registry],
    collect() {
      const statistics = recorder.statistics();
      for (const [camera, condition] of recorder.conditions()) {
        const seenMs = lastFrameMs(condition) ?? statistics.get(camera)?.lastSealed?.toMs ?? 0;
        lastMs.set(camera, Math.max(seenMs, lastMs.get(camera) ?? 0));
        this.set({ camera_id: camera }, (lastMs.get(camera) ?? 0) / 1_000);
      }
    },
  });
}

function lastFrameMs(condition: CameraCondition): number | undefined {
  return condition.kind === 'recording' ? condition.lastFrameAtMs : undefined;
}
