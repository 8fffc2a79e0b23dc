import type { Clock } from '../clock.js';
import type { CameraCondition } from '../domain/camera.js';
import type { GapClaim } from '../domain/coverage.js';
import { instabilityWords } from '../domain/instability.js';
import type { Logger } from '../log.js';
import { type ConditionNow, conditionKey, conditionOf } from './camera-condition.js';
import type { CameraGaps } from './camera-gaps.js';
import type { CameraStability } from './camera-stability.js';
import type { CameraWish } from './camera-wish.js';
import { causeOf, type SessionOutcome } from './outcome.js';
import type { SupervisorState } from './supervisor-state.js';

interface TellerDeps {
  readonly clock: Clock;
  readonly log: Logger;
  readonly wish: CameraWish;
  readonly gaps: CameraGaps;
  readonly stability: CameraStability;
  /** Must neither wait nor throw. */
  tell(condition: CameraCondition): void;
}

/** What others are told of a camera: what it does and since when, and how stable that is; only when it is news. */
export class ConditionTeller {
  readonly #deps: TellerDeps;
  #trouble: SessionOutcome | null = null;
  #told: CameraCondition;

  constructor(deps: TellerDeps, state: SupervisorState) {
    this.#deps = deps;
    this.#told = { ...this.#now(state), sinceMs: deps.clock.wallMs() };
  }

  /** Also what is no news: when the last frame came. */
  condition(state: SupervisorState): CameraCondition {
    const now = this.#now(state);
    return { ...now, sinceMs: this.#told.sinceMs };
  }

  sessionEnded(outcome: SessionOutcome, recordedMs: number): void {
    if (recordedMs > 0) this.#deps.stability.lost(causeOf(outcome));
  }

  /** A session ended, or none came to be. */
  failed(outcome: SessionOutcome): void {
    this.#trouble = outcome.kind === 'stop-requested' ? null : outcome;
  }

  footageBegan(): void {
    this.#trouble = null;
  }

  /** @param claims those that the segment carries */
  sealed(claims: readonly GapClaim[]): void {
    this.#deps.stability.sealed(claims);
  }

  /** Call it after whatever happened. */
  look(state: SupervisorState): void {
    const now = this.#now(state);
    const isSame = conditionKey(now) === conditionKey(this.#told);
    const isAsStable = this.#tellStability(now);
    if (isSame && isAsStable) return;
    const sinceMs = isSame ? this.#told.sinceMs : (recordsSinceMs(state) ?? this.#deps.clock.wallMs());
    this.#told = { ...now, sinceMs };
    this.#deps.tell(this.#told);
  }

  #now(state: SupervisorState): ConditionNow {
    const { clock, wish, gaps, stability } = this.#deps;
    return conditionOf(state, {
      unstable: wish.isToRecord ? stability.now(() => gaps.claimsToCome()) : null,
      trouble: this.#trouble,
      isWanted: wish.isToRecord,
      stopCause: wish.stopCause,
      wallMs: clock.wallMs(),
      monotonicMs: clock.monotonicMs(),
    });
  }

  /** @returns whether that is as it was */
  #tellStability({ unstable }: ConditionNow): boolean {
    if ((unstable === undefined) === (this.#told.unstable === undefined)) return true;
    if (unstable === undefined) this.#deps.log.info('stable again');
    else this.#deps.log.warn({ unstable: instabilityWords(unstable) }, 'unstable: each blip is no news any more');
    return false;
  }
}

/** Before we came: null when nothing was recorded then, or is now. */
function recordsSinceMs(state: SupervisorState): number | null {
  return state.kind === 'recording' ? state.session.recordsSinceMs : null;
}
