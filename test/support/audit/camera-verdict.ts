import type { CoverageSpan, GapClaim } from '../../../src/domain/coverage.js';
import type { CameraId } from '../../../src/domain/ids.js';
import type { SealedSegment } from '../../../src/domain/segment.js';
import type { TimeRange } from '../../../src/domain/time-range.js';
import { readTimeline } from '../../../src/playback/timeline.js';
import { type AuditReport, auditFrames } from '../../../src/simulator/audit.js';
import { lookIntoSpool } from '../../../src/spool/look-into.js';
import type { Footage, RecorderSystem } from '../recorder-system.js';

/** A stretch of lost frames that nothing explains. */
export interface LostStretch {
  readonly fromMs: number;
  readonly toMs: number;
  readonly frames: number;
}

/** What the bucket says of one camera, held against what the camera made. */
export interface Verdict {
  readonly camera: CameraId;
  readonly audit: AuditReport;
  readonly lost: readonly LostStretch[];
  readonly segments: readonly SealedSegment[];
  readonly spans: readonly CoverageSpan[];
  /** Sentences about objects that are not what they say of themselves (INV-1). */
  readonly damaged: readonly string[];
  readonly gapSec: number;
  readonly unexplainedSec: number;
  /** The segment's beginning less the time at which the camera made its first frame: the one that is most off. */
  readonly mostOffSec: number;
}

const READ_MS = 60_000;
/** How exact the ends of gaps must be. */
const EDGE_MS = 500;
/** Frames that are nearer to each other are one stretch. */
const APART_MS = 1_000;

/**
 * From the bucket alone, from the first segment's beginning (or `sinceMs`, if that is later) to the last one's end. Uploads overtake
 * each other: what waits in the spool ends what can be judged.
 */
export async function judge(system: RecorderSystem, index: number, sinceMs = 0): Promise<Verdict> {
  const camera = system.ids[index];
  if (camera === undefined) throw new Error(`no camera ${index}`);
  const { segments: spooled } = await lookIntoSpool(system.spoolDir, camera, Date.now());
  const footage = await system.footage(index);
  const [fromMs, toMs] = [footage.segments[0]?.fromMs, footage.segments.at(-1)?.toMs];
  if (fromMs === undefined || toMs === undefined) throw new Error(`nothing of ${camera} is stored`);
  const asked = { store: system.store, nowMs: Date.now() };
  const judgedToMs = firstWaiting(spooled, footage);
  const range = { fromMs: Math.max(fromMs, sinceMs), toMs: Math.min(toMs, judgedToMs) };
  const { spans } = await readTimeline(camera, range, asked, AbortSignal.timeout(READ_MS));
  return verdictOf(camera, footage, spans, { fromMs: sinceMs, toMs: judgedToMs });
}

/** When the first one that is sealed and not stored begins, with what it says of the time before. */
function firstWaiting(spooled: readonly SealedSegment[], footage: Footage): number {
  const stored = new Set(footage.segments.map(({ id }) => id));
  const waiting = spooled.filter(({ id }) => !stored.has(id));
  return Math.min(...waiting.map(({ fromMs, gapsBefore }) => (gapsBefore[0]?.fromMs ?? fromMs) - EDGE_MS));
}

/** Pure. */
export function verdictOf(
  camera: CameraId,
  footage: Footage,
  spans: readonly CoverageSpan[],
  range: TimeRange = { fromMs: 0, toMs: Number.MAX_SAFE_INTEGER },
): Verdict {
  const audit = auditFrames({
    produced: footage.produced,
    stored: footage.counters,
    edgeMs: EDGE_MS,
    gaps: [...footage.gaps, ...spans.filter(({ kind }) => kind === 'gap')],
    range,
  });
  return {
    camera,
    audit,
    lost: stretchesOf(footage, audit.missing),
    segments: footage.segments,
    spans,
    damaged: footage.damaged,
    gapSec: secondsOf(spans, 'gap'),
    unexplainedSec: secondsOf(spans, 'unexplained'),
    mostOffSec: mostOffMs(footage) / 1_000,
  };
}

/** One sentence for everything that must not be. */
export function complaintsOf(verdict: Verdict): readonly string[] {
  const { camera, audit, lost, unexplainedSec, segments } = verdict;
  const complaints = lost.map(
    ({ frames, ...range }) => `${camera}: ${frames} frames were lost and no gap says so, ${clockTimes(range)}`,
  );
  if (audit.doubled.length > 0) complaints.push(`${camera}: ${audit.doubled.length} frames are stored twice`);
  if (audit.deniedByGaps.length > 0) {
    complaints.push(`${camera}: ${audit.deniedByGaps.length} frames are stored inside declared gaps`);
  }
  if (unexplainedSec > 0) complaints.push(`${camera}: ${unexplainedSec.toFixed(3)} s are unexplained`);
  if (new Set(segments.map(({ id }) => id)).size < segments.length) {
    complaints.push(`${camera}: a segment is stored under two keys`);
  }
  return [...complaints, ...verdict.damaged.map((what) => `${camera}: ${what}`)];
}

/** Of the gaps in what is stored, oldest first; neighbours with the same cause are one. */
export function causesIn({ spans }: Pick<Verdict, 'spans'>): readonly GapClaim['cause'][] {
  const causes = spans.flatMap((span) => (span.kind === 'gap' ? [span.cause] : []));
  return causes.filter((cause, position) => cause !== causes[position - 1]);
}

/** For the table of causes: seconds of each, longest first. */
export function secondsByCause(verdicts: readonly Verdict[]): readonly (readonly [GapClaim['cause'], number])[] {
  const sums = new Map<GapClaim['cause'], number>();
  for (const span of verdicts.flatMap(({ spans }) => spans)) {
    if (span.kind !== 'gap') continue;
    sums.set(span.cause, (sums.get(span.cause) ?? 0) + (span.toMs - span.fromMs) / 1_000);
  }
  return [...sums].toSorted(([, one], [, other]) => other - one);
}

/** UTC, to the millisecond, as the log has it. */
function clockTimes({ fromMs, toMs }: { readonly fromMs: number; readonly toMs: number }): string {
  return [fromMs, toMs].map((atMs) => new Date(atMs).toISOString().slice(11, 23)).join(' to ');
}

function stretchesOf({ produced }: Footage, missing: readonly number[]): readonly LostStretch[] {
  const isMissing = new Set(missing);
  const stretches: LostStretch[] = [];
  for (const { counter, atMs } of produced) {
    if (!isMissing.has(counter)) continue;
    const last = stretches.at(-1);
    if (last !== undefined && atMs - last.toMs < APART_MS) {
      stretches[stretches.length - 1] = { ...last, toMs: atMs, frames: last.frames + 1 };
    } else stretches.push({ fromMs: atMs, toMs: atMs, frames: 1 });
  }
  return stretches;
}

/** NaN when a file has other frames than its sidecar says. */
function mostOffMs({ produced, segments, counters }: Footage): number {
  const madeAtMs = new Map(produced.map(({ counter, atMs }) => [counter, atMs]));
  let position = 0;
  const offsMs = segments.map(({ fromMs, video }) => {
    const first = Math.min(...counters.slice(position, position + video.frames));
    position += video.frames;
    return fromMs - (madeAtMs.get(first) ?? Number.NaN);
  });
  return offsMs.reduce((most, offMs) => (Math.abs(most) >= Math.abs(offMs) || Number.isNaN(most) ? most : offMs), 0);
}

function secondsOf(spans: readonly CoverageSpan[], kind: CoverageSpan['kind']): number {
  return spans.filter((span) => span.kind === kind).reduce((sum, { fromMs, toMs }) => sum + toMs - fromMs, 0) / 1_000;
}
