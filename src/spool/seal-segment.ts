/**
 * Sealing, and the repair of a seal that a crash cut short. INV-1: the sidecar is put in place last, once: its existence is the seal.
 *
 * 1. header, fsynced under a temporary name; recording fsynced where it is
 * 2. sidecar, fsynced under a temporary name: from here on all that the seal says is on disk
 * 3. rename header, rename recording, fsync both folders, the new one first: a power loss may leave the recording in both, never in none
 * 4. rename sidecar, fsync the folder: sealed
 *
 * After a crash before 3 the recording is still in its session's folder: it is sealed again from there. Within 3 it is put back there.
 * After 3 the seal is finished. A retry by the same worker goes on from wherever the files are.
 */
import { dirname } from 'node:path';
import type { Redacted, SegmentId } from '../domain/ids.js';
import { type SealedSegment, sealedSegmentSchema } from '../domain/segment.js';
import { redact } from '../redact.js';
import { type Disk, jsonBytes, readIfThere, sizeOf, writeDurably } from './durable-file.js';
import { openRecordingPathOf, type SegmentPaths, segmentPathsOf, TEMPORARY_SUFFIX } from './layout.js';
import { parseJson } from './parse-json.js';
import { segmentFromHeader } from './segment-from-header.js';
import type { SealRequest, SpoolLayout } from './spool.js';
import { SpoolError } from './spool-error.js';

/** What sealing needs of the spool around it. `quarantine` resolves when the file is out of the way. */
export interface SealFiles {
  readonly disk: Disk;
  readonly layout: SpoolLayout;
  quarantine(path: string, reason: Redacted): Promise<void>;
}

/**
 * Idempotent, also between any two steps.
 * @throws SpoolError `invalid-input` when the sizes contradict each other; `segment-missing` when the recording is nowhere.
 */
export async function sealSegment(files: SealFiles, request: SealRequest): Promise<void> {
  const { disk, layout } = files;
  const paths = segmentPathsOf(layout, request.segment.id);
  if ((await sizeOf(paths.sidecar)) !== undefined) return;
  const hasToMove = await checkRecording(request, paths);
  await disk.makeFolder(dirname(paths.sidecar));
  if (request.header !== null) await disk.writeFile(paths.header + TEMPORARY_SUFFIX, request.header);
  await disk.syncFile(hasToMove ? request.recordingPath : paths.recording);
  await disk.writeFile(paths.sidecar + TEMPORARY_SUFFIX, jsonBytes(request.segment));
  if (request.header !== null) await disk.rename(paths.header + TEMPORARY_SUFFIX, paths.header);
  if (hasToMove) await moveRecording(files, request.recordingPath, paths.recording);
  await disk.syncFolder(dirname(paths.sidecar));
  if (hasToMove) await disk.syncFolder(dirname(request.recordingPath));
  await putSidecar(disk, paths);
}

/**
 * Finishes or undoes what a crash left of a seal: recording in place, sidecar not. A sidecar that was lost is made again from the
 * header, with its claims. An undone recording is back in its session's folder, where the recorder finds it as it finds all that a
 * crash left.
 */
export async function repairSeal(files: SealFiles, id: SegmentId): Promise<'finished' | 'rebuilt' | 'undone'> {
  const paths = segmentPathsOf(files.layout, id);
  const intended = await intendedSegment(paths, id);
  if (intended !== undefined && (await isWhole(paths, intended))) {
    await files.disk.syncFolder(dirname(paths.sidecar));
    await putSidecar(files.disk, paths);
    return 'finished';
  }
  const rebuilt = await segmentFromHeader(paths, id);
  if (rebuilt !== undefined) {
    await writeDurably(files.disk, paths.sidecar, jsonBytes(rebuilt));
    return 'rebuilt';
  }
  await undoSeal(files, id, paths);
  return 'undone';
}

async function putSidecar(disk: Disk, paths: SegmentPaths): Promise<void> {
  await disk.rename(paths.sidecar + TEMPORARY_SUFFIX, paths.sidecar);
  await disk.syncFolder(dirname(paths.sidecar));
}

async function moveRecording(files: SealFiles, from: string, to: string): Promise<void> {
  // Another recording of the same file, from an attempt before this one: renaming over it would be the only copy's end.
  if ((await sizeOf(to)) !== undefined) await files.quarantine(to, redact('another recording took its place'));
  await files.disk.rename(from, to);
}

/** Whether the recording is still in its session's folder. */
async function checkRecording({ segment, header, recordingPath }: SealRequest, paths: SegmentPaths): Promise<boolean> {
  const { offsetBytes, sizeBytes } = segment.recording;
  const waiting = await sizeOf(recordingPath);
  const actual = waiting ?? (await sizeOf(paths.recording));
  if (actual === undefined) {
    throw new SpoolError('segment-missing', redact(`seal ${segment.id}: ${recordingPath} is not there`));
  }
  if (actual !== sizeBytes || (header?.length ?? 0) !== offsetBytes || segment.sizeBytes !== offsetBytes + sizeBytes) {
    throw new SpoolError(
      'invalid-input',
      redact(`seal ${segment.id}: header ${header?.length ?? 0} and recording ${actual} bytes are not what it says`),
    );
  }
  return waiting !== undefined;
}

async function undoSeal(files: SealFiles, id: SegmentId, paths: SegmentPaths): Promise<void> {
  const { disk, layout } = files;
  const origin = openRecordingPathOf(layout, id);
  await disk.makeFolder(dirname(origin));
  if ((await sizeOf(origin)) === undefined) await disk.rename(paths.recording, origin);
  else await files.quarantine(paths.recording, redact('half sealed, and its original is still there'));
  await disk.syncFolder(dirname(origin));
  await disk.remove(paths.header);
  await disk.remove(paths.sidecar + TEMPORARY_SUFFIX);
  await disk.syncFolder(dirname(paths.sidecar));
}

async function intendedSegment(paths: SegmentPaths, id: SegmentId): Promise<SealedSegment | undefined> {
  const text = await readIfThere(paths.sidecar + TEMPORARY_SUFFIX);
  const parsed = text === undefined ? undefined : parseJson(text, sealedSegmentSchema);
  return parsed?.kind === 'parsed' && parsed.value.id === id ? parsed.value : undefined;
}

async function isWhole(paths: SegmentPaths, { recording }: SealedSegment): Promise<boolean> {
  const headerBytes = recording.offsetBytes === 0 ? 0 : await sizeOf(paths.header);
  return headerBytes === recording.offsetBytes && (await sizeOf(paths.recording)) === recording.sizeBytes;
}
