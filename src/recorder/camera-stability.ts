import type { Clock } from '../clock.js';
import type { GapCause, GapClaim } from '../domain/coverage.js';
import { ownerOf } from '../domain/gap-causes.js';
import type { Instability } from '../domain/instability.js';
import type { TimeRange } from '../domain/time-range.js';

const HOUR_MS = 3_600_000;
/** One every ten minutes. A camera on a good network has a few a day. */
export const UNSTABLE_FROM = 6;
/** Far enough from `UNSTABLE_FROM` that the state itself does not come and go. */
export const STABLE_FROM = 2;

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

/** Counts what one camera lost within the last hour, since this worker watches it. */
export class CameraStability {
  readonly #clock: Clock;
  readonly #watchedSinceMs: number;
  /** Monotonic ms, oldest first. */
  #lostAtMs: readonly number[] = [];
  /** Of sealed segments. */
  #claims: readonly GapClaim[] = [];
  /** UTC ms. */
  #unstableSinceMs: number | null = null;

  constructor(clock: Clock) {
    this.#clock = clock;
    this.#watchedSinceMs = clock.wallMs();
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
