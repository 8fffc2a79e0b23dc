/**
 * The footage of one camera and one range as MP4 files to hand over, straight from the bucket; nothing is encoded anew.
 *
 * 1. Never less than asked: from the last keyframe at or before the range to the first at or after it.
 * 2. Every frame is copied byte for byte, and none is in it twice.
 * 3. What is missing is told with its cause, also what vanished while it was read; it ends nothing.
 * 4. Where a decoder would have to be set up anew (another size, other parameter sets), another file begins.
 */
import type { GapCause } from '../domain/coverage.js';
import type { CameraId, ObjectKey } from '../domain/ids.js';
import type { TimeRange } from '../domain/time-range.js';
import { type Caption, JoinedMovie, type SampleCopy } from '../mp4/joined-movie.js';
import { type Media, openMedia } from '../mp4/media.js';
import { Mp4Error } from '../mp4/mp4-error.js';
import type { ReadAt } from '../mp4/read-at.js';
import { pictureTimes, type Stretch, stretchOf } from '../mp4/stretch.js';
import { ExportFile } from './export-file.js';
import { ObjectGoneError, objectSource } from './object-source.js';
import type { ReadableStore } from './stored-objects.js';

/** Why time is not in the file: as coverage has it, or because of the export itself. */
export type ExportGapCause = GapCause | 'unexplained' | 'not-stored-yet' | 'deleted-meanwhile' | 'unreadable';

/** Time of the range that is in no file. */
export interface ExportGap extends TimeRange {
  readonly cause: ExportGapCause;
}

/** An object, and the time it is wanted for. */
export interface ExportPiece extends TimeRange {
  readonly key: ObjectKey;
  readonly sizeBytes: number;
  /** What the whole object shows. */
  readonly footage: TimeRange;
  /** The two of a cut have the same. */
  readonly session: string;
}

/** Pieces and gaps in the order of their times, filling the range. */
export type ExportItem =
  | { readonly kind: 'piece'; readonly piece: ExportPiece }
  | ({ readonly kind: 'gap' } & ExportGap);

/** One file that was written. */
export interface ExportedFile {
  readonly path: string;
  readonly sizeBytes: number;
  readonly frames: number;
  /** The time that its first and last frame show: a little more than was asked for. */
  readonly shown: TimeRange;
}

export interface ExportResult {
  readonly files: readonly ExportedFile[];
  readonly gaps: readonly ExportGap[];
}

export interface ExportOptions {
  readonly store: ReadableStore;
  readonly camera: CameraId;
  readonly items: readonly ExportItem[];
  /** The second one gets `-2` before its ending. */
  readonly path: string;
  /** The first line of a caption: the wall clock as people read it. */
  readonly clockWords: (atMs: number) => string;
  /** Called with bytes read of the objects so far. */
  readonly onProgress?: (copiedBytes: number) => void;
}

/** How much is read at once; two of them may be in memory. */
const BATCH_BYTES = 8 * 1024 * 1024;
/** What lies between samples (box headers) is read and left out; more than this is skipped. */
const LARGEST_HOLE_BYTES = 64 * 1024;
/** A header holds the tables of its segment: about so much of an object, and never less than this. */
const RESERVED_SHARE = 1 / 400;
const RESERVED_LEAST_BYTES = 64 * 1024;
/** How long the words about a gap stand under the picture after it. */
const GAP_WORDS_MS = 3_000;

/** Throws what the store throws, and the file system's own errors; then no file is left that was not finished. */
export async function exportFootage(options: ExportOptions, signal: AbortSignal): Promise<ExportResult> {
  const run = new ExportRun(options, signal);
  try {
    for (const item of options.items) await run.take(item);
    return await run.finish();
  } catch (error) {
    await run.abandon();
    throw error;
  }
}

interface OpenFile {
  readonly file: ExportFile;
  readonly movie: JoinedMovie;
  readonly fromMs: number;
  toMs: number;
}

class ExportRun {
  readonly #options: ExportOptions;
  readonly #signal: AbortSignal;
  readonly #files: ExportedFile[] = [];
  readonly #gaps: ExportGap[] = [];
  #open: OpenFile | null = null;
  #last: ExportPiece | null = null;
  #copiedBytes = 0;

  constructor(options: ExportOptions, signal: AbortSignal) {
    this.#options = options;
    this.#signal = signal;
  }

  async take(item: ExportItem): Promise<void> {
    if (item.kind === 'gap') {
      this.#gap({ fromMs: item.fromMs, toMs: item.toMs, cause: item.cause });
      return;
    }
    const { piece } = item;
    let copiedToMs = piece.fromMs;
    try {
      await this.#copyPiece(piece, (toMs) => {
        copiedToMs = Math.max(copiedToMs, toMs);
      });
    } catch (error) {
      const cause = causeOf(error);
      if (cause === null) throw error;
      this.#gap({ fromMs: Math.min(copiedToMs, piece.toMs), toMs: piece.toMs, cause });
    }
  }

  async finish(): Promise<ExportResult> {
    await this.#finishFile();
    return { files: this.#files, gaps: this.#gaps };
  }

  async abandon(): Promise<void> {
    await this.#open?.file.abandon();
  }

  #gap(gap: ExportGap): void {
    if (gap.toMs > gap.fromMs) this.#gaps.push(gap);
    this.#last = null;
  }

  async #copyPiece(piece: ExportPiece, copied: (toMs: number) => void): Promise<void> {
    const source = objectSource(this.#options.store, piece.key, this.#signal);
    const media = await openMedia(source, piece.sizeBytes);
    const found = media && clockedStretch(media, piece, this.#last);
    if (media === null || found === null) throw new Mp4Error('no-movie', `${piece.key} has no picture`);
    const open = await this.#fileFor(media, found.wallOf(found.stretch.fromMs));
    const { copies, startMs } = open.movie.place(found.stretch);
    const wallAt = (movieMs: number): number => found.wallOf(found.stretch.fromMs + movieMs - startMs);
    const gap = this.#last === null ? this.#gaps.at(-1) : undefined;
    for (const batch of batchesOf(copies)) {
      await this.#copyBatch(batch, source, open);
      const captions = captionsOf(open.movie, wallAt, (atMs, movieMs) =>
        [this.#options.clockWords(atMs), ...(movieMs - startMs < GAP_WORDS_MS ? gapWords(gap) : [])].join('\n'),
      );
      await open.file.append(open.movie.caption(captions, open.file.atBytes));
      open.toMs = wallAt(open.movie.endMs);
      copied(open.toMs);
    }
    this.#last = piece;
  }

  async #copyBatch(batch: readonly SampleCopy[], source: ReadAt, { movie, file }: OpenFile): Promise<void> {
    this.#signal.throwIfAborted();
    const bytes = await samplesIn(batch, source);
    const atBytes = file.atBytes;
    await file.append(bytes);
    movie.add(batch, atBytes);
    this.#copiedBytes += bytes.length;
    this.#options.onProgress?.(this.#copiedBytes);
  }

  async #fileFor(media: Media, fromMs: number): Promise<OpenFile> {
    if (this.#open?.movie.accepts(media) === true) return this.#open;
    await this.#finishFile();
    const movie = new JoinedMovie(media);
    const path = numbered(this.#options.path, this.#files.length + 1);
    const file = await ExportFile.create(path, movie.fileType(), reservedBytes(this.#options.items));
    this.#open = { file, movie, fromMs, toMs: fromMs };
    return this.#open;
  }

  async #finishFile(): Promise<void> {
    if (this.#open === null) return;
    const { file, movie, fromMs, toMs } = this.#open;
    if (movie.frames === 0) await file.abandon();
    else {
      const sizeBytes = await file.finish((isLarge) => movie.movieBox(fromMs, isLarge));
      this.#files.push({ path: file.path, sizeBytes, frames: movie.frames, shown: { fromMs, toMs } });
    }
    this.#open = null;
  }
}

function causeOf(error: unknown): ExportGapCause | null {
  if (error instanceof ObjectGoneError) return 'deleted-meanwhile';
  return error instanceof Mp4Error ? 'unreadable' : null;
}

/** The picture of a segment fills its time evenly; by that its wall clock is told. */
function clockedStretch(
  media: Media,
  piece: ExportPiece,
  last: ExportPiece | null,
): { readonly stretch: Stretch; readonly wallOf: (mediaMs: number) => number } | null {
  const { footage } = piece;
  const picture = media.video && pictureTimes(media.video);
  if (picture === null) return null;
  const rate = (picture.toMs - picture.fromMs) / (footage.toMs - footage.fromMs);
  const mediaAt = (wallMs: number): number => picture.fromMs + (wallMs - footage.fromMs) * rate;
  const stretch = stretchOf(media, {
    fromMs: mediaAt(piece.fromMs),
    toMs: piece.toMs >= footage.toMs ? Number.POSITIVE_INFINITY : mediaAt(piece.toMs),
    isJoinedBefore: last?.session === piece.session && last.toMs === piece.fromMs && piece.fromMs === footage.fromMs,
    isJoinedAfter: piece.toMs === footage.toMs,
  });
  return stretch && { stretch, wallOf: (mediaMs) => Math.round(footage.fromMs + (mediaMs - picture.fromMs) / rate) };
}

/** Up to the end of the picture: a caption for every second of the wall clock. */
function captionsOf(
  { captionsEndMs, endMs }: JoinedMovie,
  wallAt: (movieMs: number) => number,
  words: (atMs: number, movieMs: number) => string,
): readonly Caption[] {
  const captions: Caption[] = [];
  const msPerWallMs = (endMs - captionsEndMs) / Math.max(1, wallAt(endMs) - wallAt(captionsEndMs));
  for (let movieMs = captionsEndMs; movieMs < endMs - 1; ) {
    const wallMs = wallAt(movieMs);
    const leftMs = 1_000 - (((wallMs % 1_000) + 1_000) % 1_000);
    const toMs = Math.min(endMs, movieMs + Math.max(1, leftMs * msPerWallMs));
    captions.push({ toMs, text: words(wallMs, movieMs) });
    movieMs = toMs;
  }
  return captions;
}

function gapWords(gap: ExportGap | undefined): readonly string[] {
  if (gap === undefined) return [];
  return [`${((gap.toMs - gap.fromMs) / 1_000).toFixed(1)} s are missing before this: ${gap.cause}`];
}

/** Runs of copies that lie close together, each at most `BATCH_BYTES` long unless one sample is longer. */
function* batchesOf(copies: readonly SampleCopy[]): Generator<readonly SampleCopy[]> {
  let batch: SampleCopy[] = [];
  let fromBytes = 0;
  let endBytes = 0;
  for (const copy of copies) {
    const { offsetBytes, sizeBytes } = copy.source;
    const isFar = offsetBytes - endBytes > LARGEST_HOLE_BYTES || offsetBytes + sizeBytes - fromBytes > BATCH_BYTES;
    if (batch.length > 0 && isFar) {
      yield batch;
      batch = [];
    }
    if (batch.length === 0) fromBytes = offsetBytes;
    batch.push(copy);
    endBytes = offsetBytes + sizeBytes;
  }
  if (batch.length > 0) yield batch;
}

/** The bytes of the copies one after the other, by one read. @throws Mp4Error `short-read` */
async function samplesIn(batch: readonly SampleCopy[], source: ReadAt): Promise<Uint8Array> {
  const fromBytes = batch[0]?.source.offsetBytes ?? 0;
  const last = batch.at(-1)?.source;
  const around = new Uint8Array(last === undefined ? 0 : last.offsetBytes + last.sizeBytes - fromBytes);
  const gotBytes = await source.read(around, fromBytes);
  if (gotBytes < around.length) throw new Mp4Error('short-read', `${gotBytes} instead of ${around.length} bytes`);
  return Buffer.concat(
    batch.map(({ source: { offsetBytes, sizeBytes } }) =>
      around.subarray(offsetBytes - fromBytes, offsetBytes - fromBytes + sizeBytes),
    ),
  );
}

function reservedBytes(items: readonly ExportItem[]): number {
  const totalBytes = items.reduce((sum, item) => sum + (item.kind === 'piece' ? item.piece.sizeBytes : 0), 0);
  return Math.ceil(RESERVED_LEAST_BYTES + totalBytes * RESERVED_SHARE);
}

/** `film.mp4`, `film-2.mp4`, … */
function numbered(path: string, number: number): string {
  return number === 1 ? path : path.replace(/(\.[^./]*)?$/, (ending) => `-${number}${ending}`);
}
