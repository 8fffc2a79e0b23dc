import type { GapCause, GapClaim } from '../domain/coverage.js';
import type { SealedSegment } from '../domain/segment.js';
import type { SessionOutcome } from './outcome.js';
import type { SealResult } from './sealer.js';

/** What became of a closed file, the best first; a metric label. */
export const SEAL_OUTCOMES = ['sealed', 'salvaged', 'remuxed', 'as-recorded', 'quarantined', 'empty'] as const;
type SealOutcome = (typeof SEAL_OUTCOMES)[number];

/** What metrics and the status page need beside the condition. All counts since this worker started. */
export interface CameraStatistics {
  readonly sessionsByOutcome: Readonly<Record<string, number>>;
  readonly segmentsByOutcome: Readonly<Record<SealOutcome, number>>;
  /** Media time recorded, seconds, including the open file. */
  readonly recordedSec: number;
  /** Gap seconds by cause, including the gap that is open now; never shrink. */
  readonly gapSecByCause: Readonly<Record<string, number>>;
  /** What no sealed segment tells of yet, the gap that is open now included: of any time, and as well as it is known now. */
  readonly claimsToCome: readonly GapClaim[];
  readonly lastSealLagMs: number | null;
  readonly openSegment: { readonly startedAtMs: number; readonly sealsAtMs: number } | null;
  readonly lastSealed: { readonly fromMs: number; readonly toMs: number } | null;
}

/** Counts of one camera; only ever grow. */
export class CameraCounts {
  readonly #sessions = new Map<string, number>();
  readonly #segments = new Map<SealOutcome, number>();
  #recordedMs = 0;
  #lastSealLagMs: number | null = null;
  #lastSealed: { readonly fromMs: number; readonly toMs: number } | null = null;

  sessionEnded(outcome: SessionOutcome, recordedMs: number): void {
    add(this.#sessions, outcome.kind);
    this.#recordedMs += recordedMs;
  }

  recordedMore(mediaMs: number): void {
    this.#recordedMs += Math.max(0, mediaMs);
  }

  fileSealed(result: SealResult, lagMs: number): void {
    add(this.#segments, result.kind === 'sealed' ? outcomeOf(result.segment) : result.kind);
    if (result.kind !== 'sealed') return;
    this.#lastSealLagMs = lagMs;
    this.#lastSealed = { fromMs: result.segment.fromMs, toMs: result.segment.toMs };
  }

  /** @param now what is still open */
  snapshot(now: {
    readonly recordedMs: number;
    readonly gapMsByCause: ReadonlyMap<GapCause, number>;
    readonly claimsToCome: CameraStatistics['claimsToCome'];
    readonly openSegment: CameraStatistics['openSegment'];
  }): CameraStatistics {
    return {
      sessionsByOutcome: Object.fromEntries(this.#sessions),
      segmentsByOutcome: {
        sealed: this.#segments.get('sealed') ?? 0,
        salvaged: this.#segments.get('salvaged') ?? 0,
        remuxed: this.#segments.get('remuxed') ?? 0,
        'as-recorded': this.#segments.get('as-recorded') ?? 0,
        quarantined: this.#segments.get('quarantined') ?? 0,
        empty: this.#segments.get('empty') ?? 0,
      },
      recordedSec: (this.#recordedMs + now.recordedMs) / 1_000,
      gapSecByCause: Object.fromEntries([...now.gapMsByCause].map(([cause, gapMs]) => [cause, gapMs / 1_000])),
      claimsToCome: now.claimsToCome,
      lastSealLagMs: this.#lastSealLagMs,
      openSegment: now.openSegment,
      lastSealed: this.#lastSealed,
    };
  }
}

function outcomeOf({ container, closed }: SealedSegment): SealOutcome {
  if (container !== 'header-in-front') return container;
  return closed === 'salvaged' ? 'salvaged' : 'sealed';
}

function add<Key>(counts: Map<Key, number>, key: Key): void {
  counts.set(key, (counts.get(key) ?? 0) + 1);
}
