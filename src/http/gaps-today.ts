/**
 * What of today no footage covers, by the claims: those that sealed segments carry, and those to come. Known since the worker started,
 * and before that as far back as the spool tells without a hole.
 */
import type { GapCause, GapClaim } from '../domain/coverage.js';
import { isMissed } from '../domain/gap-causes.js';
import type { CameraId, SegmentId } from '../domain/ids.js';
import type { SealedSegment } from '../domain/segment.js';
import type { TimeRange } from '../domain/time-range.js';

/** Gap seconds by cause, only causes that have some. */
export type GapSeconds = Readonly<Partial<Record<GapCause, number>>>;

/** What of a sealed segment tells of gaps. */
export type ToldSegment = TimeRange & Pick<SealedSegment, 'id' | 'camera' | 'gapsBefore'>;

/** The claims of two segments that touch leave at most this between them. */
const TOUCHING_MS = 1_000;

/** One for the life of a worker. `startedAtMs`: UTC; from then on it knows of every gap. */
export class GapsToday {
  readonly #startedAtMs: number;
  readonly #claims = new Map<CameraId, Map<SegmentId, readonly GapClaim[]>>();
  readonly #knownSinceMs = new Map<CameraId, number>();

  constructor(startedAtMs: number) {
    this.#startedAtMs = startedAtMs;
  }

  /** Idempotent: a segment may be told of twice. */
  sealed({ id, camera, gapsBefore }: ToldSegment): void {
    if (gapsBefore.length === 0) return;
    const claims = this.#claims.get(camera) ?? new Map<SegmentId, readonly GapClaim[]>();
    this.#claims.set(camera, claims.set(id, gapsBefore));
  }

  /** How far back the spool tells of a camera: see `knownSince`. */
  knownSince(camera: CameraId, sinceMs: number): void {
    this.#knownSinceMs.set(camera, Math.min(sinceMs, this.#startedAtMs));
  }

  /** Lets go of what ended before the day. */
  forgetBefore(dayStartMs: number): void {
    for (const claims of this.#claims.values()) {
      for (const [id, gaps] of claims) if (gaps.every(({ toMs }) => toMs <= dayStartMs)) claims.delete(id);
    }
  }

  /** @param toCome see `CameraStatistics` */
  of(camera: CameraId, toCome: readonly GapClaim[], day: TimeRange): GapSeconds {
    const sums: Partial<Record<GapCause, number>> = {};
    const sealed = [...(this.#claims.get(camera)?.values() ?? [])].flat();
    for (const { cause, fromMs, toMs } of [...sealed, ...toCome].filter(isMissed)) {
      const withinMs = Math.min(toMs, day.toMs) - Math.max(fromMs, day.fromMs);
      if (withinMs > 0) sums[cause] = (sums[cause] ?? 0) + withinMs / 1_000;
    }
    return sums;
  }

  /** UTC ms; what was before, only the bucket knows. */
  countedSinceMs(camera: CameraId): number {
    return this.#knownSinceMs.get(camera) ?? this.#startedAtMs;
  }
}

/**
 * Since when footage and claims leave nothing open, back from the last footage known. Pure.
 * @param segments of one camera, in any order
 */
export function knownSince(segments: readonly ToldSegment[], lastEndedAtMs: number): number {
  let sinceMs = lastEndedAtMs;
  for (const { fromMs, toMs, gapsBefore } of segments.toSorted((one, other) => other.fromMs - one.fromMs)) {
    if (toMs < sinceMs - TOUCHING_MS) break;
    sinceMs = Math.min(sinceMs, gapsBefore[0]?.fromMs ?? fromMs);
  }
  return sinceMs;
}
