import type { TimeRange } from '../domain/time-range.js';
import { scanFrames } from '../mp4/frame-scanner.js';
import type { ReadAt } from '../mp4/read-at.js';
import type { ProducedFrame } from './frame-log.js';

/** What the counting needs; all lists may be in any order. */
export interface AuditInput {
  /** By the camera's own log, at least over the range. */
  readonly produced: readonly ProducedFrame[];
  /** Counters found in the recordings, one for every time a frame was found. */
  readonly stored: readonly number[];
  /** Declared gaps. */
  readonly gaps: readonly TimeRange[];
  readonly range: TimeRange;
  /** How exact the ends of gaps must be; default 500 ms. */
  readonly edgeMs?: number;
}

/** `produced = stored + insideGaps + missing.length`; a recorder without fault has nothing in the three lists. */
export interface AuditReport {
  /** Frames the camera made in the range. */
  readonly produced: number;
  /** Of those, how many are in the recordings. */
  readonly stored: number;
  /** Of those, how many are not, but a gap says so. */
  readonly insideGaps: number;
  /** Neither stored nor inside a gap: lost in silence. */
  readonly missing: readonly number[];
  /** Stored more than once. */
  readonly doubled: readonly number[];
  /** Stored although a gap says there is no footage, further from its ends than the edge. */
  readonly deniedByGaps: readonly number[];
}

const DEFAULT_EDGE_MS = 500;

/** Holds what was recorded against what was produced. Pure. */
export function auditFrames(input: AuditInput): AuditReport {
  const { range, gaps } = input;
  const edgeMs = input.edgeMs ?? DEFAULT_EDGE_MS;
  const times = countOf(input.stored);
  const produced = input.produced.filter((frame) => isWithin(frame.atMs, range));
  const stored = produced.filter((frame) => times.has(frame.counter));
  const notStored = produced.filter((frame) => !times.has(frame.counter));
  const missing = notStored.filter((frame) => !gaps.some((gap) => isWithin(frame.atMs, widen(gap, edgeMs))));
  return {
    produced: produced.length,
    stored: stored.length,
    insideGaps: notStored.length - missing.length,
    missing: missing.map((frame) => frame.counter),
    doubled: [...times].filter(([, count]) => count > 1).map(([counter]) => counter),
    deniedByGaps: stored
      .filter((frame) => gaps.some((gap) => isWithin(frame.atMs, widen(gap, -edgeMs))))
      .map((frame) => frame.counter),
  };
}

/** The recording of one file: recorded, sealed or remuxed. */
export interface AuditedFile {
  readonly source: ReadAt;
  readonly sizeBytes: number;
}

/** Finds the frames in the files, then counts as `auditFrames` does. @throws Mp4Error for a file that is no recording. */
export async function auditRecordings(
  files: readonly AuditedFile[],
  input: Omit<AuditInput, 'stored'>,
): Promise<AuditReport> {
  return auditFrames({ ...input, stored: await storedCounters(files) });
}

/** The counters in the order of the files, and in decode order within them. @throws Mp4Error */
export async function storedCounters(files: readonly AuditedFile[]): Promise<readonly number[]> {
  const counters: number[] = [];
  for (const file of files) {
    for await (const frame of scanFrames(file.source, file.sizeBytes)) counters.push(frame.counter);
  }
  return counters;
}

function countOf(counters: readonly number[]): ReadonlyMap<number, number> {
  const times = new Map<number, number>();
  for (const counter of counters) times.set(counter, (times.get(counter) ?? 0) + 1);
  return times;
}

function isWithin(atMs: number, range: TimeRange): boolean {
  return atMs >= range.fromMs && atMs < range.toMs;
}

function widen(range: TimeRange, byMs: number): TimeRange {
  return { fromMs: range.fromMs - byMs, toMs: range.toMs + byMs };
}
