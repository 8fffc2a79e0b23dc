import type { PartListener } from '../activities/send-segment.js';
import type { Clock } from '../clock.js';
import type { RetentionPolicies } from '../domain/retention.js';
import type { Supervision } from '../domain/supervision.js';
import type { Logger } from '../log.js';
import type { ObjectStore } from '../object-store/object-store.js';
import type { Recorder } from '../recorder/recorder.js';
import type { Spool } from '../spool/spool.js';
import type { Policies } from '../workflows/contract.js';
import type { ConfiguredCamera } from './camera-workflows.js';
import type { TemporalSettings } from './temporal/connection.js';
import type { WorkflowCode } from './workflow-worker.js';

/** What a worker is for: run workflows, record, or both. */
export type StartWorkerOptions = CommonOptions &
  (
    | ({ readonly role: 'all' } & RecordingOptions & WorkflowOptions)
    | ({ readonly role: 'recorder' } & RecordingOptions)
    | ({ readonly role: 'workflows' } & WorkflowOptions)
  );

/** What each role needs. */
export interface CommonOptions {
  readonly temporal: TemporalSettings;
  readonly policies: Policies;
  readonly log: Logger;
  readonly clock: Clock;
  /** Temporal's own metrics are served there, on 127.0.0.1; null: not at all. Only the first worker of a process chooses. */
  readonly coreMetricsPort: number | null;
}

/** For the roles `all` and `workflows`. */
export interface WorkflowOptions {
  readonly workflowCode: WorkflowCode;
}

/** For the roles `all` and `recorder`. */
export interface RecordingOptions {
  /** Not started yet; the worker starts and closes it. */
  readonly recorder: Recorder;
  readonly spool: Spool;
  /** Closed with the worker. */
  readonly store: ObjectStore;
  /** Of the site, an IANA name: workflows write their times in it. */
  readonly timezone: string;
  readonly configuredCameras: readonly ConfiguredCamera[];
  readonly maxConcurrentUploads: number;
  /** What all of them share; absent or null: as fast as the line is. */
  readonly uploadBytesPerSecond?: number | null;
  /** What this recorder lets retention delete. */
  readonly retention: RetentionPolicies;
  /** How much the store holds; null when nobody said. */
  readonly capacityBytes: number | null;
  /** Told of every part of a segment that is safe in the store. */
  readonly onPart?: PartListener;
  /** How long a stored segment stays in the spool before it is confirmed and deleted. */
  readonly keepLocalMs: number;
  /** Between two stored objects that are read back whole; absent or null: none is. */
  readonly verifyEveryMs?: number | null;
  /** What the keeper last said; absent where there is none. */
  readonly supervision?: () => Supervision | null;
  /** Every one may need two activity slots. */
  readonly maxCameras: number;
}
