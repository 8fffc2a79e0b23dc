/**
 * All that crosses Temporal: ids, queues, messages, activity interfaces. Activities implement it, workflows proxy it:
 * one direction, no cycle. Everything here is plain JSON.
 */
import type { CameraCondition, CameraSpec, StopCause } from '../domain/camera.js';
import type { GapClaim } from '../domain/coverage.js';
import type { Declined } from '../domain/declines.js';
import type { CameraId, RecorderId, SegmentId } from '../domain/ids.js';
import type { Receipt } from '../domain/receipt.js';
import type { RetentionPolicies, RetentionPolicy } from '../domain/retention.js';
import type { TimeRange } from '../domain/time-range.js';

export { type Policies, policiesOf } from './policies.js';

/** Workflow tasks of every workflow. */
export const WORKFLOW_QUEUE = 'camera-recorder';
/** Shared by all recorders: whoever polls first takes a camera that has none. */
export const RECORDERS_QUEUE = 'recorders';
/** Polled by that recorder alone, so waiting there means: this one or none. */
export const recordQueueOf = (recorder: RecorderId): string => `record@${recorder}`;
/** Apart from the recordings', so that a backlog of uploads cannot starve them; only this recorder has the file. */
export const uploadQueueOf = (recorder: RecorderId): string => `upload@${recorder}`;
/** What retention asks of the store; any recorder does it, and no upload waits for it. */
export const RETENTION_QUEUE = 'retention';
/** Id of the schedule, and of the workflows that it starts, which Temporal gives the time behind it. */
export const RETENTION_ID = 'retention';
/** Made of the segment alone, so that Temporal itself keeps a second upload of it from running beside the first (INV-3). */
export const uploadWorkflowIdOf = (segment: SegmentId): string => `upload/${segment}`;
/** Fixed, so that `temporal activity pause --activity-id record` needs no look-up. */
export const RECORD_ACTIVITY_ID = 'record';

/** Each may run twice, at once, on the same input (INV-6). Times are UTC milliseconds. */
export interface Activities {
  /**
   * On `record@<last>` first, then on `recorders`. A recorder that cannot take it throws in words (retryable, another one is asked).
   * `timezone`: the one of its site, for what people read.
   */
  assignCamera(input: {
    readonly camera: CameraId;
    readonly spec: CameraSpec;
  }): Promise<{ readonly recorder: RecorderId; readonly timezone?: string }>;
  /** `record@<recorder>`. Heartbeats `CameraCondition`. Returns only when it stopped FFmpeg; on any other end it detaches and throws. */
  recordCamera(input: {
    readonly camera: CameraId;
    readonly spec: CameraSpec;
    readonly lastEndedAtMs: number | null;
    readonly notBeforeMs: number | null;
  }): Promise<{ readonly lastEndedAtMs: number | null }>;
  /** `upload@<recorder>`; ends with the receipt on disk; may run twice at once. */
  uploadSegment(input: {
    readonly segment: SegmentId;
    /** Start of the segment: where to look in the store for one that the spool has already let go. */
    readonly fromMs?: number;
    readonly sizeBytes?: number;
  }): Promise<Receipt>;
}

/** As `Activities`, on the queue `retention`, of any recorder. */
export interface RetentionActivities {
  /** Which cameras have something to expire by their policies, and whether this run may delete. Writes at most the bucket's note of whose it is. */
  surveyBucket(input: {
    readonly mode: RetentionMode;
    /** Null: those of the recorder that is asked. */
    readonly policies: RetentionPolicies | null;
    readonly isBucketKnown: boolean;
  }): Promise<BucketSurvey>;
  /** Deletes, oldest first, what neither `policy` nor the recorder's own keeps; in `report` only says what it would. */
  expireCamera(input: {
    readonly camera: CameraId;
    readonly policy: RetentionPolicy;
    readonly mode: RetentionMode;
  }): Promise<CameraRetention>;
}

/** `report` changes nothing. */
export type RetentionMode = 'report' | 'delete';

/** Input of `Retention`. Started by hand without any, it only reports. */
export interface RetentionInput {
  readonly mode?: RetentionMode;
  /** Default: those of the recorder that is asked. What its own policy keeps stays in any case. */
  readonly policies?: RetentionPolicies;
  /** The operator knows that this is the right bucket: no day of reports before anything is deleted. */
  readonly isBucketKnown?: boolean;
  /** Every timeout and wait is multiplied by it; only tests set it. */
  readonly timeScale?: number;
}

export interface BucketSurvey {
  readonly mode: RetentionMode;
  /** Why it only reports although it was to delete; else null. */
  readonly why: string | null;
  readonly cameras: readonly { readonly camera: CameraId; readonly policy: RetentionPolicy }[];
}

/** What became of one camera. In `report` the expired are those that would be. */
export interface CameraRetention {
  readonly camera: CameraId;
  readonly policy: RetentionPolicy;
  /** Afterwards. */
  readonly storedObjects: number;
  readonly storedBytes: number;
  readonly expiredObjects: number;
  readonly expiredBytes: number;
  /** That the policy asks for, and that a hold keeps. */
  readonly heldObjects: number;
  /** The same, younger than a day. */
  readonly youngObjects: number;
  /** Sentences, the first ten. */
  readonly problems: readonly string[];
}

/** Result of `Retention`. */
export interface RetentionReport {
  readonly mode: RetentionMode;
  readonly why: string | null;
  readonly cameras: readonly CameraRetention[];
  /** Cameras whose turn failed, and why; the next run tries them again. */
  readonly failed: readonly { readonly camera: CameraId; readonly why: string }[];
}

/** Says that a segment is sealed. Only a hint: it may come twice, late, or never (INV-3). */
export interface SegmentNotice extends TimeRange {
  readonly segment: SegmentId;
  readonly recorder: RecorderId;
  readonly sizeBytes: number;
  readonly gapsBefore: readonly GapClaim[];
}

/** `temporal workflow start` gives the spec; continue-as-new adds `carried`. The camera's id is the workflow's id. */
export interface CameraInput {
  readonly spec: Partial<Omit<CameraSpec, 'source'>> & Pick<CameraSpec, 'source'>;
  readonly carried?: CameraState;
  /** Asked first, because it records the camera already: given where a recorder starts the workflow again. */
  readonly recorder?: RecorderId;
  /** Every timeout and wait is multiplied by it; only tests set it. */
  readonly timeScale?: number;
}

/** All that a camera's workflow remembers. A new field must be optional: runs that were continued from older ones lack it. */
export interface CameraState {
  readonly schema: 1;
  readonly desired: 'record' | 'pause';
  /** In the operator's words; only of a camera that is paused. */
  readonly pauseReason?: string;
  /** Mirrored in the search attribute `Recorder`; another recorder lets the camera go once this one is recording. */
  readonly recorder: RecorderId | null;
  /** Of the recorder's site, an IANA name: for what people read, and for nothing else. */
  readonly timezone?: string;
  /** A locked camera account must not be tried earlier, wherever it goes. */
  readonly notBeforeMs: number | null;
  readonly condition: CameraCondition;
  /** The newest word of each recorder that does not take the camera, while it waits for one. */
  readonly declined?: readonly AssignmentDeclined[];
  /** Greatest announced end: what the next recorder claims its gap from. */
  readonly lastEndedAtMs: number | null;
  /** Announced, child not started; empty at continue-as-new. */
  readonly pending: readonly SegmentNotice[];
  /** The newest segments whose upload was started, newest last, bounded: duplicates of a notice are known by them. */
  readonly recent?: readonly RecentSegment[];
}

/** Its upload was started, which does not say that it is stored. */
export interface RecentSegment extends TimeRange {
  readonly segment: SegmentId;
  readonly sizeBytes: number;
}

/** Answer of the query `status`. */
export interface CameraStatus {
  readonly camera: CameraId;
  readonly desired: CameraState['desired'];
  /** Why it is paused, in the operator's words; null when nothing was said. */
  readonly pauseReason: string | null;
  readonly recorder: RecorderId | null;
  /** `removed` once a cancel is done: nothing records any more, and nothing else follows. */
  readonly condition: CameraCondition | { readonly kind: 'removed'; readonly sinceMs: number };
  readonly spec: CameraSpec;
  /** In which its details are written; null: UTC. */
  readonly timezone: string | null;
  readonly lastEndedAtMs: number | null;
  /** Why the recording is being stopped right now; null when it is not. */
  readonly stopping: StopCause | null;
  readonly recent: readonly RecentSegment[];
  /** Why the camera still waits for a recorder: who does not take it, and why. */
  readonly declined: readonly AssignmentDeclined[];
}

/** What a pause may say of itself: it stands in the history and the details, so no secret belongs in it. */
export interface PauseRequest {
  readonly reason?: string;
}

/** Input of `UploadSegment`. */
export interface UploadSegmentInput {
  readonly segment: SegmentId;
  readonly recorder: RecorderId;
  readonly sizeBytes: number;
  readonly fromMs?: number;
  /** As in `CameraState`. */
  readonly timezone?: string;
  /** Every timeout and wait is multiplied by it; only tests set it. */
  readonly timeScale?: number;
}

/** Kept with every upload's workflow where a listing shows it: beside `SegmentStart`, what footage is missing if its recorder is lost. */
export interface UploadMemo extends Readonly<Record<string, unknown>> {
  readonly toMs: number;
}

/** By type, as `temporal operator search-attribute create --type` spells it. They must exist before the first workflow runs. */
export const SEARCH_ATTRIBUTES = {
  CameraId: 'Keyword',
  CameraState: 'Keyword',
  Recorder: 'Keyword',
  SegmentStart: 'Datetime',
} as const;

/** Names of what a camera's workflow can be told and asked. This one is from a recorder, with `SegmentNotice`s. */
export const SEGMENTS_SEALED_SIGNAL = 'segmentsSealed';
/** From a recorder, with a `ConditionChange`; only what lasts is told. */
export const CONDITION_CHANGED_SIGNAL = 'conditionChanged';
/** From a recorder, with an `AssignmentDeclined`; only what is declined again and again is told. */
export const ASSIGNMENT_DECLINED_SIGNAL = 'assignmentDeclined';
/** From `camera-recorder recorder-lost`, with the `SegmentId`s whose uploads have ended as lost. */
export const SEGMENTS_LOST_SIGNAL = 'segmentsLost';
/** Takes nothing or a `PauseRequest`; answers with `CameraStatus`. */
export const PAUSE_UPDATE = 'pause';
/** Takes nothing; answers with `CameraStatus`. */
export const RESUME_UPDATE = 'resume';
/** Takes any part of a `CameraSpec`; answers with `CameraStatus`, or is refused in words. */
export const RECONFIGURE_UPDATE = 'reconfigure';
/** Takes nothing; answers with `CameraStatus`. */
export const STATUS_QUERY = 'status';

/** What an upload's workflow can be told: nobody will bring the segment any more. */
export const RECORDER_LOST_SIGNAL = 'recorderLost';

/** `notBeforeMs`, UTC: a locked account must not be tried earlier, by whichever recorder; null when any time will do. */
export interface ConditionChange {
  readonly recorder: RecorderId;
  readonly condition: CameraCondition;
  readonly notBeforeMs: number | null;
  /** As in `CameraState`: a camera that is recorded already is not assigned again. */
  readonly timezone?: string | undefined;
}

/** Says who declines: each recorder that is asked may tell its own reason. */
export interface AssignmentDeclined extends Declined {
  readonly recorder: RecorderId;
}
