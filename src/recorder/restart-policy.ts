import type { SessionOutcome } from './outcome.js';

/** What the next wait depends on beside the outcome. Carried from session to session; a session that stored a keyframe resets it. */
export interface Attempts {
  /** Sessions in a row that stored no keyframe. */
  readonly fruitless: number;
  /** Monotonic ms of the first of them. */
  readonly fruitlessSinceMs: number | null;
  /** Refused logins in a row. */
  readonly refusals: number;
  /** Sessions in a row, each shorter than a minute, that ended because the picture's parameters changed. */
  readonly parameterRestarts: number;
}

/** Of a camera's first session, and after a stop that was asked for. */
export const NO_ATTEMPTS: Attempts = { fruitless: 0, fruitlessSinceMs: null, refusals: 0, parameterRestarts: 0 };

/** Clock and chance are passed in, so that every row of the table can be tested. */
export interface RestartContext {
  /** Monotonic. */
  readonly nowMs: number;
  /** 0 ≤ random < 1 */
  readonly random: number;
  /** 1 in production; tests divide every wait by it being small. */
  readonly timeScale: number;
  /** The session that ended stored at least one video keyframe. */
  readonly hasFootage: boolean;
  readonly livedMs: number;
}

interface RestartPlan {
  readonly waitMs: number;
  readonly attempts: Attempts;
}

const FIRST_WAIT_MS = 500;
/** An FFmpeg that recorded so long and died was killed (by hand, by the kernel): nothing about the camera asks for a wait, and each one may cost a whole GOP. */
const SOUND_SESSION_MS = 10_000;
const LONGEST_WAIT_MS = 4_000;
/** After so long without a keyframe a camera is most likely switched off; asking less often spares its network. */
const PATIENCE_MS = 5 * 60_000;
const PATIENT_WAIT_MS = 15_000;
/** A Tapo locks the account for 1,800 s after a few wrong logins, and every try renews it. */
const REFUSED_WAITS_MS = [60_000, 300_000, 1_860_000] as const;
/** A killed session sends no TEARDOWN and holds one of the camera's few slots until its session timeout (Tapo: 2 slots, 15 s). */
const BUSY_WAIT_MS = 4_000;
const MISCONFIGURED_WAIT_MS = 60_000;
const DISK_WAIT_MS = 5_000;
const SHORT_SESSION_MS = 60_000;
/** A camera whose SDP never agrees with its stream must not be restarted for ever: after so many short sessions a session's early change is accepted. */
const MOST_PARAMETER_RESTARTS = 2;

/** The one table of waits. Never gives up, never counts tries to a limit. Pure. */
export function planRestart(outcome: SessionOutcome, attempts: Attempts, context: RestartContext): RestartPlan {
  const plan = planUnscaled(outcome, context.hasFootage ? withFootage(attempts) : attempts, context);
  return { waitMs: plan.waitMs * context.timeScale, attempts: plan.attempts };
}

function planUnscaled(outcome: SessionOutcome, attempts: Attempts, context: RestartContext): RestartPlan {
  switch (outcome.kind) {
    case 'died':
      if (context.hasFootage && context.livedMs >= SOUND_SESSION_MS * context.timeScale) return { waitMs: 0, attempts };
      return planOrdinary(attempts, context);
    case 'stream-ended':
    case 'timed-out':
    case 'unreachable':
    case 'stalled':
    case 'no-video':
      return planOrdinary(attempts, context);
    case 'unauthorized':
      return {
        waitMs: REFUSED_WAITS_MS[Math.min(attempts.refusals, REFUSED_WAITS_MS.length - 1)] ?? REFUSED_WAITS_MS[2],
        attempts: { ...attempts, refusals: attempts.refusals + 1 },
      };
    case 'too-many-sessions':
      return { waitMs: BUSY_WAIT_MS, attempts };
    case 'not-found':
    case 'no-url':
    case 'unsupported':
      return { waitMs: MISCONFIGURED_WAIT_MS, attempts };
    case 'no-space':
    case 'disk-failing':
      return { waitMs: DISK_WAIT_MS, attempts };
    case 'parameters-changed':
      return { waitMs: 0, attempts: { ...attempts, parameterRestarts: parameterRestartsAfter(attempts, context) } };
    case 'stop-requested':
      return { waitMs: 0, attempts: NO_ATTEMPTS };
    default:
      return outcome satisfies never;
  }
}

function planOrdinary(attempts: Attempts, context: RestartContext): RestartPlan {
  return context.hasFootage ? { waitMs: FIRST_WAIT_MS, attempts } : planFruitless(attempts, context);
}

function planFruitless(attempts: Attempts, context: RestartContext): RestartPlan {
  const sinceMs = attempts.fruitlessSinceMs ?? context.nowMs;
  const isPatient = context.nowMs - sinceMs >= PATIENCE_MS * context.timeScale;
  const doubledMs = Math.min(FIRST_WAIT_MS * 2 ** Math.min(attempts.fruitless, 10), LONGEST_WAIT_MS);
  const longestMs = isPatient ? PATIENT_WAIT_MS : doubledMs;
  return {
    // Between half and all of it: cameras behind one dead switch do not come back in step.
    waitMs: longestMs * (0.5 + context.random / 2),
    attempts: { ...attempts, fruitless: attempts.fruitless + 1, fruitlessSinceMs: sinceMs },
  };
}

function withFootage(attempts: Attempts): Attempts {
  return { ...NO_ATTEMPTS, parameterRestarts: attempts.parameterRestarts };
}

/** Whether changed parameters end a session of this age. Pure. One that has lasted is ended whatever was before it: its SDP did agree. */
export function isWorthANewSession(
  attempts: Attempts,
  livedMs: number,
  { timeScale }: Pick<RestartContext, 'timeScale'>,
): boolean {
  return attempts.parameterRestarts < MOST_PARAMETER_RESTARTS || livedMs >= SHORT_SESSION_MS * timeScale;
}

function parameterRestartsAfter(attempts: Attempts, context: RestartContext): number {
  return context.livedMs < SHORT_SESSION_MS * context.timeScale ? attempts.parameterRestarts + 1 : 1;
}
