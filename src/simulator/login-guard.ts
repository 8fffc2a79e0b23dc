import { type Account, isAuthorized } from './digest-auth.js';
import type { FaultSet } from './fault.js';
import type { RtspRequest } from './rtsp-message.js';

/** `challenged`: came without credentials, as every client does first; `locked`: right or wrong, nobody gets in now. */
export type LoginOutcome = 'accepted' | 'challenged' | 'rejected' | 'locked';

/** One login a client tried. */
export interface LoginAttempt {
  readonly atMs: number;
  readonly connection: number;
  readonly outcome: LoginOutcome;
}

/** Checks logins and keeps count of them, as a camera does that locks its account after too many failures. */
export class LoginGuard {
  readonly attempts: LoginAttempt[] = [];
  readonly #account: Account | null;
  readonly #faults: FaultSet;
  #failuresInARow = 0;
  #lastFailureMs = Number.NEGATIVE_INFINITY;

  constructor(account: Account | null, faults: FaultSet) {
    this.#account = account;
    this.#faults = faults;
  }

  /** Whether the request may go on. Every try is noted, but a connection's `accepted` only once. */
  admits(
    request: RtspRequest,
    from: { readonly connection: number; readonly nonce: string; readonly nowMs: number },
  ): boolean {
    if (this.#account === null) return true;
    const outcome = this.#judge(this.#account, request, from);
    const isKnown = this.attempts.some((a) => a.connection === from.connection && a.outcome === 'accepted');
    if (outcome !== 'accepted' || !isKnown)
      this.attempts.push({ atMs: from.nowMs, connection: from.connection, outcome });
    return outcome === 'accepted';
  }

  #judge(
    account: Account,
    request: RtspRequest,
    from: { readonly nonce: string; readonly nowMs: number },
  ): LoginOutcome {
    const authorization = request.headers.get('authorization');
    if (authorization === undefined) return 'challenged';
    if (this.#isLocked(from.nowMs)) {
      this.#lastFailureMs = from.nowMs;
      return 'locked';
    }
    const isRight = isAuthorized(account, { method: request.method, authorization, nonce: from.nonce });
    if (isRight && !this.#faults.has('wrong-password')) {
      this.#failuresInARow = 0;
      return 'accepted';
    }
    this.#failuresInARow += 1;
    this.#lastFailureMs = from.nowMs;
    return 'rejected';
  }

  #isLocked(nowMs: number): boolean {
    const lockOut = this.#faults.get('lock-out');
    if (lockOut === undefined || this.#failuresInARow < lockOut.failures) return false;
    if (nowMs - this.#lastFailureMs < lockOut.durationMs) return true;
    this.#failuresInARow = 0;
    return false;
  }
}
