/**
 * The one function that changes what a camera supervisor is doing. Pure: the actor is a mailbox, `step` and a runner of commands.
 *
 * 1. At most one FFmpeg (INV-5): `start` is only commanded from a state that holds no session, and a session that comes unasked is killed.
 * 2. A session is left only by its own `exited`; every way out of it commands `seal`.
 * 3. What happens to an older session changes nothing.
 */
import { type CameraSpec, isSameSource, isSameSpec, type StopCause } from '../domain/camera.js';
import type { SessionId } from '../domain/ids.js';
import { redact } from '../redact.js';
import type { FailureKind, SessionOutcome } from './outcome.js';
import { isWorthANewSession, NO_ATTEMPTS } from './restart-policy.js';
import type { Progress, Session, SupervisorEvent, SupervisorState } from './supervisor-state.js';
import {
  after,
  type Ended,
  kill,
  killAgain,
  type Step,
  type StepContext,
  start,
  terminate,
  type WithSession,
  waitFor,
} from './supervisor-transitions.js';

/** Connecting ends after so long without a frame: enough for the longest keyframe interval cameras offer, and for probing. */
const NO_VIDEO_MS = 20_000;
/** A camera's keyframes do not come sooner because tests scale our waits. */
const LEAST_NO_VIDEO_MS = 6_000;

/** @returns the next state and what to do, in order. */
export function step(state: SupervisorState, event: SupervisorEvent, context: StepContext): Step {
  switch (event.kind) {
    case 'record':
      return onRecord(state, event, context);
    case 'stop':
      return onStop(state, event.cause, context);
    case 'restart':
      return onRestart(state, event.cause, context);
    case 'started':
      return onStarted(state, event.session, context);
    case 'adopted':
      return state.kind === 'idle'
        ? [{ kind: 'connecting', session: event.session, attempts: NO_ATTEMPTS }, []]
        : [state, [{ kind: 'signal', session: event.session.id, signal: 'SIGKILL' }]];
    case 'start-failed':
      return onStartFailed(state, event.outcome, context);
    case 'progressed':
      return onProgressed(state, event, context);
    case 'exited':
      return onExited(state, event, context);
    case 'space-low':
      return onSpaceLow(state, context);
    case 'tick':
      return onTick(state, context);
    default:
      return event satisfies never;
  }
}

function onRecord(
  state: SupervisorState,
  { spec, notBeforeMs }: { readonly spec: CameraSpec; readonly notBeforeMs: number | null },
  context: StepContext,
): Step {
  switch (state.kind) {
    case 'idle':
      return notBeforeMs !== null && notBeforeMs > context.nowMs
        ? waitFor({ spec, last: locked(), attempts: { ...NO_ATTEMPTS, refusals: 1 }, retryAtMs: notBeforeMs })
        : start(spec, NO_ATTEMPTS);
    case 'starting': {
      const isWanted = state.stop === null && isSameSpec(state.spec, spec);
      return [isWanted ? state : { ...state, stop: { cause: 'reconfigured', next: spec } }, []];
    }
    case 'connecting':
    case 'recording':
      return isSameSpec(state.session.spec, spec)
        ? [state, []]
        : terminate(state, { kind: 'stop-requested', cause: 'reconfigured' }, spec, context);
    case 'stopping':
      return [{ ...state, next: spec }, []];
    case 'waiting':
      if (isSameSpec(state.spec, spec)) return [state, []];
      // Other settings do not unlock an account; another source may.
      return state.last.kind === 'unauthorized' && isSameSource(state.spec, spec)
        ? [{ ...state, spec }, []]
        : start(spec, NO_ATTEMPTS);
    default:
      return state satisfies never;
  }
}

function onStop(state: SupervisorState, cause: StopCause, context: StepContext): Step {
  switch (state.kind) {
    case 'idle':
      return [state, []];
    case 'starting':
      return [{ ...state, stop: { cause, next: null } }, []];
    case 'connecting':
    case 'recording':
      return terminate(state, { kind: 'stop-requested', cause }, null, context);
    case 'stopping':
      return [{ ...state, outcome: { kind: 'stop-requested', cause }, next: null }, []];
    case 'waiting':
      return [{ kind: 'idle' }, [{ kind: 'note', outcome: { kind: 'stop-requested', cause } }]];
    default:
      return state satisfies never;
  }
}

/** What is already on its way to a new session is left to it, and a locked account to its wait. */
function onRestart(state: SupervisorState, cause: StopCause, context: StepContext): Step {
  switch (state.kind) {
    case 'idle':
    case 'starting':
    case 'stopping':
      return [state, []];
    case 'connecting':
    case 'recording':
      return terminate(state, { kind: 'stop-requested', cause }, state.session.spec, context);
    case 'waiting':
      return state.last.kind === 'unauthorized' ? [state, []] : start(state.spec, NO_ATTEMPTS);
    default:
      return state satisfies never;
  }
}

function onStarted(state: SupervisorState, session: Session, context: StepContext): Step {
  if (state.kind !== 'starting') return [state, [{ kind: 'signal', session: session.id, signal: 'SIGKILL' }]];
  const connecting = { kind: 'connecting', session, attempts: state.attempts } as const;
  if (state.stop === null) {
    // It was under way already, and records otherwise than is wanted now.
    return isSameSpec(session.spec, state.spec)
      ? [connecting, []]
      : terminate(connecting, { kind: 'stop-requested', cause: 'reconfigured' }, state.spec, context);
  }
  return terminate(connecting, { kind: 'stop-requested', cause: state.stop.cause }, state.stop.next, context);
}

function onStartFailed(state: SupervisorState, outcome: SessionOutcome, context: StepContext): Step {
  if (state.kind !== 'starting') return [state, []];
  const ended = { spec: state.spec, attempts: state.attempts, hasFootage: false, livedMs: 0 };
  return state.stop === null
    ? after({ ...ended, outcome, next: state.spec }, { kind: 'note', outcome }, context)
    : after(
        { ...ended, outcome: { kind: 'stop-requested', cause: state.stop.cause }, next: state.stop.next },
        { kind: 'note', outcome: { kind: 'stop-requested', cause: state.stop.cause } },
        context,
      );
}

function onProgressed(
  state: SupervisorState,
  { session, progress }: { readonly session: SessionId; readonly progress: Progress },
  context: StepContext,
): Step {
  if ((state.kind !== 'connecting' && state.kind !== 'recording') || state.session.id !== session) return [state, []];
  if (progress.frames === 0) return onNoFrames(state, progress, context);
  const { session: current, attempts } = state;
  const recording: SupervisorState = { kind: 'recording', session: current, attempts, progress };
  if (progress.silentMs >= current.spec.stallTimeoutMs) {
    return kill(recording, { kind: 'stalled', silentMs: progress.silentMs }, context);
  }
  if (progress.hasParametersChanged && isWorthANewSession(attempts, context.nowMs - current.startedAtMs, context)) {
    return terminate(
      recording,
      failed('parameters-changed', 'the picture changed its size or profile'),
      current.spec,
      context,
    );
  }
  return [recording, []];
}

function onNoFrames(state: WithSession, progress: Progress, context: StepContext): Step {
  if (progress.silentMs < Math.max(LEAST_NO_VIDEO_MS, NO_VIDEO_MS * context.timeScale)) return [state, []];
  return kill(state, failed('no-video', 'connected, but no video frame came'), context);
}

function onExited(
  state: SupervisorState,
  { session, outcome }: { readonly session: SessionId; readonly outcome: SessionOutcome },
  context: StepContext,
): Step {
  if (!('session' in state) || state.session.id !== session) return [state, []];
  const isAsked = state.kind === 'stopping';
  const ended: Ended = {
    spec: state.session.spec,
    attempts: state.attempts,
    outcome: isAsked ? state.outcome : outcome,
    next: isAsked ? state.next : state.session.spec,
    hasFootage: isAsked ? state.hasFootage : state.kind === 'recording',
    livedMs: context.nowMs - state.session.startedAtMs,
  };
  return after(ended, { kind: 'seal', session: state.session, outcome: ended.outcome }, context);
}

function onSpaceLow(state: SupervisorState, context: StepContext): Step {
  if (state.kind !== 'connecting' && state.kind !== 'recording') return [state, []];
  return terminate(state, failed('no-space', 'the spool is short of space'), state.session.spec, context);
}

function onTick(state: SupervisorState, context: StepContext): Step {
  if (state.kind === 'waiting') {
    return context.nowMs >= state.retryAtMs
      ? start(state.spec, state.attempts)
      : [state, [{ kind: 'wake', atMs: state.retryAtMs }]];
  }
  if (state.kind !== 'stopping') return [state, []];
  if (context.nowMs < state.deadlineMs) return [state, [{ kind: 'wake', atMs: state.deadlineMs }]];
  return killAgain(state, context);
}

function failed(kind: FailureKind, detail: string): SessionOutcome {
  return { kind, detail: redact(detail) };
}

function locked(): SessionOutcome {
  return failed('unauthorized', 'the camera refused the login earlier; its account may be locked');
}
