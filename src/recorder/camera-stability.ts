import type { Clock } from '../clock.js';
import type { GapCause, GapClaim } from '../domain/coverage.js';
import { ownerOf } from '../domain/gap-causes.js';
import type { Instability } from '../domain/instability.js';
import type { TimeRange } from '../domain/time-range.js';
import type { StabilityNote } from '../spool/spool.js';

const HOUR_MS = 3_600_000;
/** One every ten minutes. A camera on a good network has a few a day. */
export const UNSTABLE_FROM = 6;
/** Far enough from `UNSTABLE_FROM` that the state itself does not come and go. */
export const STABLE_FROM = 2;
/** A note is written with every change: of a camera that comes and goes all the time, its newest are enough. */
const MOST_NOTED = 120;

/** Pure; so many connections were lost within the last hour. */
export function isUnstable(wasUnstable: boolean, reconnects: number): boolean {
  return wasUnstable ? reconnects > STABLE_FROM : reconnects >= UNSTABLE_FROM;
}

/** How much of the range no claim is about. What somebody asked for is missed by nobody. Claims do not overlap. Pure. */
export function coveredRatio(range: TimeRange, claims: readonly GapClaim[]): number {
  const lengthMs = range.toMs - range.fromMs;
  if (lengthMs <= 0) return 1;
  const missedMs = claims
    .filter(({ cause }) => ownerOf(cause) !== 'operator')
    .map(({ fromMs, toMs }) => Math.max(0, Math.min(toMs, range.toMs) - Math.max(fromMs, range.fromMs)))
    .reduce((sum, ms) => sum + ms, 0);
  return Math.max(0, 1 - missedMs / lengthMs);
}

/** Counts what one camera lost within the last hour; a worker goes on with what the one before it noted. */
export class CameraStability {
  readonly #clock: Clock;
  /** UTC ms. */
  readonly #watchedSinceMs: number;
  /** Monotonic ms, oldest first. */
  #lostAtMs: readonly number[] = [];
  /** Of sealed segments. */
  #claims: readonly GapClaim[] = [];
  /** UTC ms. */
  #unstableSinceMs: number | null = null;

  constructor(clock: Clock, noted?: StabilityNote) {
    this.#clock = clock;
    const wallMs = clock.wallMs();
    // What lies in the future was noted by a clock that was wrong.
    const past = noted !== undefined && noted.sinceMs <= wallMs ? noted : undefined;
    this.#watchedSinceMs = past?.sinceMs ?? wallMs;
    if (past === undefined) return;
    const ahead = wallMs - clock.monotonicMs();
    this.#lostAtMs = past.lostAtMs.filter((atMs) => atMs <= wallMs).map((atMs) => atMs - ahead);
    this.#claims = past.claims;
    this.#unstableSinceMs = past.unstableSinceMs;
  }

  /** For the worker that comes after this one. */
  note(): StabilityNote {
    const [monotonicMs, wallMs] = [this.#clock.monotonicMs(), this.#clock.wallMs()];
    const claims = this.#claims.slice(-MOST_NOTED);
    const untilMs = claims.length < this.#claims.length ? claims[0]?.fromMs : undefined;
    return {
      sinceMs: Math.max(this.#watchedSinceMs, wallMs - HOUR_MS, untilMs ?? 0),
      lostAtMs: this.#lostAtMs
        .filter((atMs) => monotonicMs - atMs < HOUR_MS)
        .slice(-MOST_NOTED)
        .map((atMs) => Math.round(wallMs - (monotonicMs - atMs))),
      claims,
      unstableSinceMs: this.#unstableSinceMs,
    };
  }

  /** A session that had recorded ended, for this reason; one that somebody wanted to end does not count, nor does a full disk. */
  lost(cause: GapCause): void {
    const owner = ownerOf(cause);
    if (owner === 'operator' || owner === 'store') return;
    this.#lostAtMs = [...this.#lostAtMs, this.#clock.monotonicMs()];
  }

  sealed(claims: readonly GapClaim[]): void {
    const sinceMs = this.#clock.wallMs() - HOUR_MS;
    this.#claims = [...this.#claims, ...claims].filter(({ toMs }) => toMs > sinceMs);
  }

  /** @param claimsToCome asked only when it is unstable: what no sealed segment tells of yet */
  now(claimsToCome: () => readonly GapClaim[]): Instability | null {
    const [monotonicMs, wallMs] = [this.#clock.monotonicMs(), this.#clock.wallMs()];
    this.#lostAtMs = this.#lostAtMs.filter((atMs) => monotonicMs - atMs < HOUR_MS);
    const reconnects = this.#lostAtMs.length;
    if (!isUnstable(this.#unstableSinceMs !== null, reconnects)) {
      this.#unstableSinceMs = null;
      return null;
    }
    this.#unstableSinceMs ??= wallMs;
    const range = { fromMs: Math.max(wallMs - HOUR_MS, this.#watchedSinceMs), toMs: wallMs };
    const ratio = coveredRatio(range, [...this.#claims, ...claimsToCome()]);
    return { sinceMs: this.#unstableSinceMs, reconnects, coveredRatio: ratio };
  }
}
