import type { GapClaim } from '../../src/domain/coverage.js';
import type { ProducedFrame } from '../../src/simulator/frame-log.js';
import type { Footage } from './recorder-system.js';

/** A hole in what is stored, by the camera's own log. */
export interface Outage {
  readonly lastBefore: ProducedFrame;
  readonly firstAfter: ProducedFrame;
  readonly lengthMs: number;
  /** Frames the camera made in between. */
  readonly lostFrames: number;
  /** What the segment that ends it says about it, oldest first. */
  readonly claims: readonly GapClaim[];
  readonly claimedMs: number;
}

/** The hole that begins at or before `atMs` with the last frame stored before it. @throws when nothing is stored on one of its sides. */
export function outageAt({ produced, counters, segments }: Footage, atMs: number): Outage {
  const known = new Set(counters);
  const stored = produced.filter(({ counter }) => known.has(counter));
  const lastBefore = stored.findLast((frame) => frame.atMs < atMs);
  const firstAfter = stored.find((frame) => frame.atMs >= atMs);
  if (lastBefore === undefined || firstAfter === undefined) {
    throw new Error(`no footage on both sides of ${new Date(atMs).toISOString()}`);
  }
  const claims = segments.find(({ toMs }) => toMs > firstAfter.atMs)?.gapsBefore ?? [];
  return {
    lastBefore,
    firstAfter,
    lengthMs: firstAfter.atMs - lastBefore.atMs,
    lostFrames: produced.filter(({ atMs }) => atMs > lastBefore.atMs && atMs < firstAfter.atMs).length,
    claims,
    claimedMs: claims.reduce((sum, { fromMs, toMs }) => sum + toMs - fromMs, 0),
  };
}

/** One line in the test's output, to be read by people. */
export function report(what: string, ms: number): void {
  process.stdout.write(`figure: ${what} ${(ms / 1_000).toFixed(1)} s\n`);
}
