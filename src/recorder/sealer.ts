/**
 * Makes a closed file a sealed segment. The recorded bytes are never rewritten: an ordinary MP4 header is put in front of them.
 * Where that is refused FFmpeg remuxes; where that fails too, the recording itself is the object. Footage is never thrown away
 * because it is ugly, and what cannot be read at all is quarantined.
 */
import { rm } from 'node:fs/promises';
import { crc32 } from 'node:zlib';
import type { GapClaim } from '../domain/coverage.js';
import { crc32Combine, crc32Hex } from '../domain/crc32.js';
import { type CameraId, type SegmentId, type SessionId, segmentIdOf } from '../domain/ids.js';
import type { SealedSegment } from '../domain/segment.js';
import type { TimeRange } from '../domain/time-range.js';
import type { Logger } from '../log.js';
import { openFileSource } from '../mp4/file-source.js';
import { buildHeader, checkHeader } from '../mp4/header-in-front.js';
import { Mp4Error } from '../mp4/mp4-error.js';
import { wholeFragmentBytes } from '../mp4/salvage.js';
import type { Spool } from '../spool/spool.js';
import { hashRecording, type RecordingHashes } from './hash-recording.js';
import type { Remux } from './remux.js';
import type { ClosedFile } from './session-progress.js';
import { mediaStartOf, timesOf } from './times.js';

/** A file that grows no more. Camera, session and the file's index make the segment's id, so that sealing it twice gives one segment. */
export interface SealJob {
  readonly camera: CameraId;
  readonly session: SessionId;
  readonly segmentDurationSec: number;
  readonly file: ClosedFile;
  readonly closed: SealedSegment['closed'];
}

/** `quarantined`: the file is out of the way, and not tried again. */
export type SealResult =
  | { readonly kind: 'sealed'; readonly segment: SealedSegment }
  /** No video frame: its time is a gap. */
  | { readonly kind: 'empty' }
  | { readonly kind: 'quarantined' };

/** `claimsBefore` is asked anew at each try. */
export interface SealDeps {
  readonly spool: Pick<Spool, 'recorder' | 'seal' | 'find' | 'quarantine'>;
  readonly remux: Remux;
  readonly log: Logger;
  /** What explains the time before the segment. */
  claimsBefore(footage: TimeRange, isClockStepped: boolean): readonly GapClaim[];
}

/** What a segment is before its bytes are known. */
type SegmentFacts = Omit<SealedSegment, 'container' | 'sizeBytes' | 'crc32Hex' | 'recording'>;

/** What is handed to the spool, and what of the original is then left over. */
interface SealableObject {
  readonly container: SealedSegment['container'];
  readonly header: Uint8Array | null;
  readonly path: string;
  readonly hashes: RecordingHashes;
  readonly completeBytes: number;
}

/** Less than this is at most a part of the movie box. */
const SMALLEST_RECORDING_BYTES = 4_096;

/**
 * Idempotent. After `sealed` the file is in the spool's care.
 * @throws SpoolError, or the file system's own error, when the disk refuses: try again later
 */
export async function sealFile(job: SealJob, deps: SealDeps, signal: AbortSignal): Promise<SealResult> {
  const { file } = job;
  const id = jobIdOf(job);
  const known = await deps.spool.find(id);
  if (known !== undefined) {
    // A crash came between the seal and the removal of what was remuxed.
    await rm(file.path, { force: true });
    return { kind: 'sealed', segment: known.segment };
  }
  const { video, videoFrames } = file.recording;
  if (video === null || videoFrames === 0) return await setAside(file, deps);
  const facts = factsOf(job, id, { ...video, frames: videoFrames }, deps);
  const object = await sealableOf(file, facts, { ...deps, signal });
  const segment = segmentOf(facts, object);
  await deps.spool.seal({ segment, header: object.header, recordingPath: object.path });
  if (object.path !== file.path) await rm(file.path, { force: true });
  return { kind: 'sealed', segment };
}

/** What the file will be called once it is sealed. */
export function jobIdOf({ camera, session, file }: SealJob): SegmentId {
  return segmentIdOf(camera, session, file.index);
}

/** Nothing of it can be shown. Deleted only when we are sure that nothing is in it. */
async function setAside(file: ClosedFile, deps: SealDeps): Promise<SealResult> {
  if (isSurelyEmpty(file)) {
    await rm(file.path, { force: true });
    return { kind: 'empty' };
  }
  await deps.spool.quarantine(file.path, file.unreadable?.message ?? 'it does not begin like a recording');
  return { kind: 'quarantined' };
}

/** Killed before its first fragment was whole, or sound only. What does not even begin like a recording is for people to look at. */
function isSurelyEmpty({ unreadable, sizeBytes, recording }: ClosedFile): boolean {
  return unreadable === null && (sizeBytes < SMALLEST_RECORDING_BYTES || recording.initBytes > 0);
}

function factsOf(job: SealJob, id: SegmentId, video: SealedSegment['video'], deps: SealDeps): SegmentFacts {
  const { file, segmentDurationSec } = job;
  const { recording } = file;
  const times = timesOf(file.times, file.successor, {
    videoStartMs: recording.videoStartMs,
    videoEndMs: recording.videoEndMs,
    segmentDurationSec,
  });
  const clockStepped = file.times.steppedMs !== 0;
  return {
    schema: 1,
    id,
    camera: job.camera,
    recorder: deps.spool.recorder,
    session: job.session,
    index: file.index,
    ...times,
    closed: job.closed,
    video: { codec: video.codec, widthPx: video.widthPx, heightPx: video.heightPx, frames: video.frames },
    mediaDurationMs: recording.mediaEndMs,
    gapsBefore: deps.claimsBefore(times, clockStepped),
    clockStepped,
  };
}

interface Means extends SealDeps {
  readonly signal: AbortSignal;
}

async function sealableOf(file: ClosedFile, facts: SegmentFacts, means: Means): Promise<SealableObject> {
  const hashes = await hashRecording(file.path, means.signal);
  const completeBytes = file.recording.completeBytes;
  try {
    const header = headerOf(file, facts, hashes);
    return { container: 'header-in-front', header, path: file.path, hashes, completeBytes };
  } catch (error) {
    if (!(error instanceof Mp4Error)) throw error;
    means.log.warn({ segment: facts.id, code: error.code, reason: error.message }, 'no header in front: remuxing');
  }
  const remuxed = await remuxedOf(file, facts, means);
  return remuxed ?? { container: 'as-recorded', header: null, path: file.path, hashes, completeBytes };
}

function headerOf(file: ClosedFile, facts: SegmentFacts, hashes: RecordingHashes): Uint8Array {
  // A walker that gave up half-way has an index of the first half only: better all of it, less neatly.
  if (file.unreadable !== null) throw new Mp4Error('not-indexed', file.unreadable.message);
  const mediaStartMs = mediaStartOf(file.times);
  const header = buildHeader(file.recording, {
    recordingSizeBytes: hashes.sizeBytes,
    coverageFields: { ...facts, mediaStartMs, sha256: hashes.sha256Hex },
    createdAtMs: mediaStartMs,
  });
  checkHeader(header, file.recording, hashes.sizeBytes);
  return header;
}

async function remuxedOf(file: ClosedFile, facts: SegmentFacts, means: Means): Promise<SealableObject | undefined> {
  const path = `${file.path}.remuxed`;
  try {
    const completeBytes = await readableBytes(file);
    if (completeBytes === 0) return undefined;
    await means.remux({ from: file.path, completeBytes, to: path }, means.signal);
    const hashes = await hashRecording(path, means.signal);
    return { container: 'remuxed', header: null, path, hashes, completeBytes: hashes.sizeBytes };
  } catch (error) {
    means.signal.throwIfAborted();
    means.log.warn({ segment: facts.id, err: error }, 'remux failed: the recording itself is sealed');
    await rm(path, { force: true });
    return undefined;
  }
}

/** A walker that gave up half-way knows the end of the first half only; what comes later may be whole too. */
async function readableBytes({ unreadable, recording, path, sizeBytes }: ClosedFile): Promise<number> {
  if (unreadable === null) return recording.completeBytes;
  const source = await openFileSource(path);
  try {
    return await wholeFragmentBytes(source, sizeBytes);
  } finally {
    await source.close();
  }
}

function segmentOf(facts: SegmentFacts, { container, header, hashes, completeBytes }: SealableObject): SealedSegment {
  const offsetBytes = header?.length ?? 0;
  const headerCrc = header === null ? 0 : crc32(header);
  return {
    ...facts,
    container,
    sizeBytes: offsetBytes + hashes.sizeBytes,
    crc32Hex: crc32Hex(crc32Combine(headerCrc, hashes.crc32, hashes.sizeBytes)),
    recording: { offsetBytes, sizeBytes: hashes.sizeBytes, completeBytes, sha256Hex: hashes.sha256Hex },
  };
}
