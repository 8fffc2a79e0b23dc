import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { onTestFinished } from 'vitest';
import {
  type CameraId,
  parseCameraId,
  parseObjectKey,
  parseRecorderId,
  parseSessionId,
  segmentIdOf,
} from '../../src/domain/ids.js';
import type { Confirmation, Receipt } from '../../src/domain/receipt.js';
import type { SealedSegment } from '../../src/domain/segment.js';
import { createLogger } from '../../src/log.js';
import type { Disk } from '../../src/spool/durable-file.js';
import { openRecordingPathOf } from '../../src/spool/layout.js';
import { openSpool } from '../../src/spool/open-spool.js';
import type { SealRequest, Spool, SpoolLayout } from '../../src/spool/spool.js';

export const silent = createLogger({ level: 'silent', name: 'test' });
export const camera = parseCameraId('camera-1');
export const session = parseSessionId('20251214T013002Z-7f3a');
export const RESERVE_BYTES = 64 * 1024;

/** A folder that is gone when the test is over. */
export async function temporaryFolder(): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'spool-'));
  onTestFinished(() => rm(folder, { recursive: true, force: true }));
  return folder;
}

export async function spoolIn(root: string, disk?: Disk): Promise<Spool> {
  return openSpool(root, { log: silent, reserveBytes: RESERVE_BYTES, ...(disk === undefined ? {} : { disk }) });
}

export interface SegmentWish {
  readonly of?: CameraId;
  readonly index?: number;
  readonly fromMs?: number;
  readonly header?: string | null;
  readonly recording?: string;
}

/** Writes the recording where FFmpeg would have, and says what is to be sealed. */
export async function closedRecording(layout: SpoolLayout, wish: SegmentWish = {}): Promise<SealRequest> {
  const request = sealRequest(layout, wish);
  await mkdir(dirname(request.recordingPath), { recursive: true });
  await writeFile(request.recordingPath, wish.recording ?? 'recording');
  return request;
}

export function sealRequest(layout: SpoolLayout, wish: SegmentWish = {}): SealRequest {
  const header = wish.header === undefined ? 'header' : wish.header;
  const segment = sealedSegment(wish, header?.length ?? 0, (wish.recording ?? 'recording').length);
  return {
    segment,
    header: header === null ? null : Buffer.from(header),
    recordingPath: openRecordingPathOf(layout, segment.id),
  };
}

function sealedSegment(
  { of = camera, index = 0, fromMs = 1_000_000 }: SegmentWish,
  headerBytes: number,
  recordingBytes: number,
): SealedSegment {
  return {
    schema: 1,
    id: segmentIdOf(of, session, index),
    camera: of,
    recorder: parseRecorderId('recorder-1'),
    session,
    index,
    fromMs,
    toMs: fromMs + 10_000,
    nominalStartMs: fromMs,
    closed: 'cut',
    container: 'header-in-front',
    video: { codec: 'h264', widthPx: 2560, heightPx: 1440, frames: 150 },
    mediaDurationMs: 10_000,
    sizeBytes: headerBytes + recordingBytes,
    crc32Hex: '00000000',
    recording: {
      offsetBytes: headerBytes,
      sizeBytes: recordingBytes,
      completeBytes: recordingBytes,
      sha256Hex: 'a'.repeat(64),
    },
    gapsBefore: [],
    clockStepped: false,
  };
}

export function receiptFor(segment: SealedSegment): Receipt {
  return { key: keyOf(segment), sizeBytes: segment.sizeBytes, proof: 'full-crc32', atMs: 2_000_000 };
}

/** What only the store's second answer makes outside of tests. */
export function confirmationFor(segment: SealedSegment): Confirmation {
  return { segment: segment.id, key: keyOf(segment), atMs: 3_000_000 } as unknown as Confirmation;
}

function keyOf(segment: SealedSegment) {
  return parseObjectKey(`${segment.camera}/${segment.id}.mp4`);
}

export async function collect<T>(items: AsyncIterable<T>): Promise<readonly T[]> {
  const collected: T[] = [];
  for await (const item of items) collected.push(item);
  return collected;
}
