import { type CameraCondition, leftCauseOf } from '../domain/camera.js';
import type { GapCause } from '../domain/coverage.js';
import type { Instability } from '../domain/instability.js';
import { refusalOf } from '../domain/refusals.js';
import { redact } from '../redact.js';
import { causeOf, describeOutcome, type SessionOutcome } from './outcome.js';
import type { SupervisorState } from './supervisor-state.js';

/** What the state alone does not say. */
export interface ConditionContext {
  readonly unstable: Instability | null;
  /** Why the last session ended, until the camera records again: a camera that is down stays down while it is being tried. */
  readonly trouble: SessionOutcome | null;
  /** The assignment says so. */
  readonly isWanted: boolean;
  readonly stopCause: GapCause | null;
  readonly wallMs: number;
  readonly monotonicMs: number;
}

type Unstamped<Condition> = Condition extends CameraCondition ? Omit<Condition, 'sinceMs'> : never;

/** A condition without since when. Pure. */
export type ConditionNow = Unstamped<CameraCondition>;

/** Pure. A camera between two tries stays `down` until frames come again; `retryAtMs` is wall time. */
export function conditionOf(state: SupervisorState, context: ConditionContext): ConditionNow {
  const now = doingOf(state, context);
  return context.unstable === null ? now : { ...now, unstable: context.unstable };
}

function doingOf(state: SupervisorState, context: ConditionContext): ConditionNow {
  switch (state.kind) {
    case 'idle':
      return atRest(context);
    case 'starting':
    case 'connecting':
      return context.trouble === null ? { kind: 'connecting' } : down(context.trouble, context.wallMs);
    case 'recording':
      return { kind: 'recording', session: state.session.id, lastFrameAtMs: state.progress.lastFrameAtMs };
    case 'stopping':
      if (state.next === null) return atRest(context);
      return state.outcome.kind === 'stop-requested' ? { kind: 'connecting' } : down(state.outcome, context.wallMs);
    case 'waiting':
      return down(state.last, context.wallMs + state.retryAtMs - context.monotonicMs);
    default:
      return state satisfies never;
  }
}

/** Two conditions with the same key are the same news, whether the camera is unstable aside. */
export function conditionKey(condition: ConditionNow): string {
  switch (condition.kind) {
    case 'recording':
      return `recording ${condition.session}`;
    case 'down':
      return `down ${condition.cause} ${condition.refusal ?? ''}`;
    case 'unassigned':
      return `unassigned ${condition.cause ?? ''}`;
    default:
      return condition.kind;
  }
}

function atRest({ isWanted, stopCause }: ConditionContext): ConditionNow {
  // About to be started: nobody may take it for a camera that need not record.
  if (isWanted) return { kind: 'connecting' };
  if (stopCause === 'paused') return { kind: 'paused' };
  const cause = leftCauseOf(stopCause);
  return { kind: 'unassigned', ...(cause === undefined ? {} : { cause }) };
}

function down(outcome: SessionOutcome, retryAtMs: number): ConditionNow {
  const refusal = refusalOf(outcome.kind);
  return {
    kind: 'down',
    cause: causeOf(outcome),
    ...(refusal === undefined ? {} : { refusal }),
    retryAtMs: Math.round(retryAtMs),
    detail: redact(describeOutcome(outcome)),
  };
}
