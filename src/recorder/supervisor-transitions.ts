/**
 * The ways of a camera supervisor into each of its states, with the commands that belong to them. Pure. Which of them is taken at an event
 * is in `supervisor-step.ts`.
 */
import type { CameraSpec } from '../domain/camera.js';
import type { SessionOutcome } from './outcome.js';
import { type Attempts, planRestart } from './restart-policy.js';
import type { SupervisorCommand, SupervisorState } from './supervisor-state.js';

/** What is neither in the state nor in the event. */
export interface StepContext {
  /** Monotonic. */
  readonly nowMs: number;
  /** 0 ≤ random < 1 */
  readonly random: number;
  /** Of every wait but the stop ladder, which is FFmpeg's own time. */
  readonly timeScale: number;
}

/** The next state, and what is to be done, in this order. */
export type Step = readonly [SupervisorState, readonly SupervisorCommand[]];

/** A killed process that the kernel cannot end yet (a disk that does not answer) is killed again so often. */
const KILL_AGAIN_MS = 5_000;

/** A session that is over, or one that never came to be. */
export interface Ended {
  readonly spec: CameraSpec;
  readonly attempts: Attempts;
  readonly outcome: SessionOutcome;
  /** Recorded next; null: nothing. */
  readonly next: CameraSpec | null;
  readonly hasFootage: boolean;
  readonly livedMs: number;
}

/** Nothing, the next session, or a wait for it, as the table of waits says. @param said first of the commands */
export function after(ended: Ended, said: SupervisorCommand, context: StepContext): Step {
  if (ended.next === null) return [{ kind: 'idle' }, [said]];
  const plan = planRestart(ended.outcome, ended.attempts, {
    ...context,
    hasFootage: ended.hasFootage,
    livedMs: ended.livedMs,
  });
  const [state, commands] =
    plan.waitMs === 0
      ? start(ended.next, plan.attempts)
      : waitFor({
          spec: ended.next,
          last: ended.outcome,
          attempts: plan.attempts,
          retryAtMs: context.nowMs + plan.waitMs,
        });
  return [state, [said, ...commands]];
}

/** From a state that holds no session. */
export function start(spec: CameraSpec, attempts: Attempts): Step {
  return [{ kind: 'starting', spec, attempts, stop: null }, [{ kind: 'start', spec }]];
}

/** Till `retryAtMs`, for `spec`. */
export function waitFor(waiting: Omit<Extract<SupervisorState, { readonly kind: 'waiting' }>, 'kind'>): Step {
  return [{ kind: 'waiting', ...waiting }, [{ kind: 'wake', atMs: waiting.retryAtMs }]];
}

/** It has a session that is not being ended yet. */
export type WithSession = Extract<SupervisorState, { readonly kind: 'connecting' | 'recording' }>;

/** One SIGTERM, never two: the second aborts FFmpeg's file writes. It may need two socket timeouts (read, then TEARDOWN). */
export function terminate(
  state: WithSession,
  outcome: SessionOutcome,
  next: CameraSpec | null,
  context: StepContext,
): Step {
  const deadlineMs = context.nowMs + 2 * state.session.spec.socketTimeoutMs + 2_000;
  return stopping(state, { rung: 'term', deadlineMs, outcome, next });
}

/** Of a session that is worth no farewell: its camera is silent. */
export function kill(state: WithSession, outcome: SessionOutcome, context: StepContext): Step {
  return stopping(state, {
    rung: 'kill',
    deadlineMs: context.nowMs + KILL_AGAIN_MS,
    outcome,
    next: state.session.spec,
  });
}

/** The deadline of the rung before is over. */
export function killAgain(state: Extract<SupervisorState, { readonly kind: 'stopping' }>, context: StepContext): Step {
  const deadlineMs = context.nowMs + KILL_AGAIN_MS;
  return [
    { ...state, rung: 'kill', deadlineMs },
    [
      { kind: 'signal', session: state.session.id, signal: 'SIGKILL' },
      { kind: 'wake', atMs: deadlineMs },
    ],
  ];
}

function stopping(
  { kind, session, attempts }: WithSession,
  how: Pick<Extract<SupervisorState, { readonly kind: 'stopping' }>, 'rung' | 'deadlineMs' | 'outcome' | 'next'>,
): Step {
  const signal = how.rung === 'term' ? 'SIGTERM' : 'SIGKILL';
  return [
    { kind: 'stopping', session, attempts, hasFootage: kind === 'recording', ...how },
    [
      { kind: 'signal', session: session.id, signal },
      { kind: 'wake', atMs: how.deadlineMs },
    ],
  ];
}
