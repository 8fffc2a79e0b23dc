import type { StopCause } from '../domain/camera.js';
import type { GapCause } from '../domain/coverage.js';
import type { Redacted } from '../domain/ids.js';

/** Why a session ended. Judged from what we asked, from progress and from FFmpeg's log; exit code 0 does not mean success. */
export type SessionOutcome =
  | { readonly kind: 'stop-requested'; readonly cause: StopCause }
  | { readonly kind: 'stalled'; readonly silentMs: number }
  | { readonly kind: FailureKind; readonly detail: Redacted };

/** Ends that nobody asked for and of which something said why; a stall is judged from silence alone. */
export const FAILURE_KINDS = [
  'stream-ended',
  'unreachable',
  'timed-out',
  'no-video',
  'unauthorized',
  'too-many-sessions',
  'not-found',
  'no-url',
  'unsupported',
  'parameters-changed',
  'no-space',
  'disk-failing',
  'died',
] as const;
/** Each has its wait in `restart-policy.ts` and its cause of a gap below. */
export type FailureKind = (typeof FAILURE_KINDS)[number];

/** Every value of `SessionOutcome.kind`; metrics pre-create a series for each. */
export const OUTCOME_KINDS = ['stop-requested', 'stalled', ...FAILURE_KINDS] as const;

const failureCauses: Readonly<Record<FailureKind, GapCause>> = {
  'stream-ended': 'stream-ended',
  unreachable: 'camera-unreachable',
  'timed-out': 'camera-unreachable',
  'no-video': 'camera-stalled',
  unauthorized: 'camera-refused',
  'too-many-sessions': 'camera-refused',
  'not-found': 'camera-refused',
  'no-url': 'camera-refused',
  unsupported: 'camera-refused',
  'parameters-changed': 'reconfigured',
  'no-space': 'disk-full',
  'disk-failing': 'disk-stalled',
  died: 'ffmpeg-died',
};

const stopCauses: Readonly<Record<StopCause, GapCause>> = {
  cancelled: 'removed',
  paused: 'paused',
  'ffmpeg-died': 'ffmpeg-died',
  moved: 'moved',
  reconfigured: 'reconfigured',
  shutdown: 'recorder-restarted',
};

/** What is found out by nobody's end: a clock that was set, a file that cannot be read. */
const foundCauses: readonly GapCause[] = ['clock-stepped', 'quarantined'];

/** Every cause a recorder itself gives. */
export const RECORDER_GAP_CAUSES: readonly GapCause[] = [
  ...new Set<GapCause>([
    ...Object.values(failureCauses),
    'camera-stalled',
    ...Object.values(stopCauses),
    ...foundCauses,
  ]),
];

/** The cause of a gap that was asked for. */
export function causeOfStop(cause: StopCause): GapCause {
  return stopCauses[cause];
}

/** The cause of the gap that opens when a session ends so. */
export function causeOf(outcome: SessionOutcome): GapCause {
  switch (outcome.kind) {
    case 'stop-requested':
      return causeOfStop(outcome.cause);
    case 'stalled':
      return 'camera-stalled';
    default:
      return failureCauses[outcome.kind];
  }
}

/** One line for people. */
export function describeOutcome(outcome: SessionOutcome): string {
  switch (outcome.kind) {
    case 'stop-requested':
      return `stopped: ${outcome.cause}`;
    case 'stalled':
      return `no new video frame for ${Math.round(outcome.silentMs)} ms`;
    default:
      return outcome.detail;
  }
}
