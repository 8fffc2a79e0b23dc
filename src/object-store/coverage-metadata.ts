import type { GapClaim } from '../domain/coverage.js';
import { InvalidIdError } from '../domain/ids.js';
import { type SealedSegment, sealedSegmentSchema } from '../domain/segment.js';

/** SHA-256 of the recorded bytes: tells two recordings apart even where size and CRC-32 would agree. */
export const RECORDING_SHA256_KEY = 'recording-sha256';

/**
 * A sidecar as S3 user metadata, so that the bucket alone tells the whole story. Lower-case keys (stores make them so), percent-encoded values
 * (stores garble everything but ASCII). With eight claims and the longest names still below the 2 KB that S3 allows.
 */
export function metadataOf(segment: SealedSegment): Readonly<Record<string, string>> {
  const { video, recording } = segment;
  return encoded({
    schema: segment.schema,
    segment: segment.id,
    camera: segment.camera,
    recorder: segment.recorder,
    session: segment.session,
    index: segment.index,
    from: segment.fromMs,
    to: segment.toMs,
    'nominal-start': segment.nominalStartMs,
    closed: segment.closed,
    container: segment.container,
    video: [video.codec, video.widthPx, video.heightPx, video.frames].join('_'),
    'media-duration': segment.mediaDurationMs,
    size: segment.sizeBytes,
    crc32: segment.crc32Hex,
    recording: [recording.offsetBytes, recording.sizeBytes, recording.completeBytes].join('_'),
    [RECORDING_SHA256_KEY]: recording.sha256Hex,
    gaps: segment.gapsBefore.map(claimText).join('~'),
    'clock-stepped': segment.clockStepped,
  });
}

/** The sidecar an object's metadata repeats; `undefined` when there is none in it that can be read. */
export function segmentFromMetadata(metadata: Readonly<Record<string, string>>): SealedSegment | undefined {
  try {
    return sealedSegmentSchema.safeParse(segmentFields(decoded(metadata))).data;
  } catch (error) {
    // The ids inside throw by themselves.
    if (error instanceof InvalidIdError) return undefined;
    throw error;
  }
}

function segmentFields(field: (key: string) => string): Readonly<Record<keyof SealedSegment, unknown>> {
  const [codec, widthPx = '', heightPx = '', frames = ''] = field('video').split('_');
  const [offsetBytes, sizeBytes, completeBytes] = field('recording').split('_').map(numberOf);
  return {
    schema: numberOf(field('schema')),
    id: field('segment'),
    camera: field('camera'),
    recorder: field('recorder'),
    session: field('session'),
    index: numberOf(field('index')),
    fromMs: numberOf(field('from')),
    toMs: numberOf(field('to')),
    nominalStartMs: numberOf(field('nominal-start')),
    closed: field('closed'),
    container: field('container'),
    video: { codec, widthPx: numberOf(widthPx), heightPx: numberOf(heightPx), frames: numberOf(frames) },
    mediaDurationMs: numberOf(field('media-duration')),
    sizeBytes: numberOf(field('size')),
    crc32Hex: field('crc32'),
    recording: { offsetBytes, sizeBytes, completeBytes, sha256Hex: field(RECORDING_SHA256_KEY) },
    gapsBefore: field('gaps') === '' ? [] : field('gaps').split('~').map(claimParts),
    clockStepped: booleanOf(field('clock-stepped')),
  };
}

// No number, cause or recorder id contains "_" or "~", and percent-encoding leaves both alone.
function claimText(claim: GapClaim): string {
  return [claim.fromMs, claim.toMs, claim.cause, claim.by].join('_');
}

function claimParts(text: string): Readonly<Record<keyof GapClaim, unknown>> {
  const [fromMs = '', toMs = '', cause, by] = text.split('_');
  return { fromMs: numberOf(fromMs), toMs: numberOf(toMs), cause, by };
}

/** `Number('')` is 0, which would make a missing field look like one. */
function numberOf(text: string): number {
  return text === '' ? Number.NaN : Number(text);
}

function booleanOf(text: string): boolean | undefined {
  if (text === 'true') return true;
  return text === 'false' ? false : undefined;
}

/** Without empty values: not every store keeps them. */
function encoded(fields: Readonly<Record<string, string | number | boolean>>): Readonly<Record<string, string>> {
  const texts = Object.entries(fields).map(([key, value]) => [key, encodeURIComponent(String(value))]);
  return Object.fromEntries(texts.filter(([, text]) => text !== ''));
}

/** A missing field reads as '', which no schema takes for a name; an undecodable value as itself. */
function decoded(metadata: Readonly<Record<string, string>>): (key: string) => string {
  return (key) => {
    const value = metadata[key] ?? '';
    try {
      return decodeURIComponent(value);
    } catch {
      return value;
    }
  };
}
