import type { GapClaim } from '../domain/coverage.js';
import { type GapObject, gapObjectSchema } from '../domain/gap-object.js';
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
    gaps: gapsText(segment.gapsBefore),
    'clock-stepped': segment.clockStepped,
  });
}

/** The sidecar an object's metadata repeats; `undefined` when there is none in it that can be read. */
export function segmentFromMetadata(metadata: Readonly<Record<string, string>>): SealedSegment | undefined {
  return unlessBadId(() => sealedSegmentSchema.safeParse(segmentFields(decoded(metadata))).data);
}

/** A gap object's body as its metadata: one HEAD tells why a slot is empty. */
export function gapMetadataOf(gap: GapObject): Readonly<Record<string, string>> {
  return encoded({
    schema: gap.schema,
    camera: gap.camera,
    recorder: gap.recorder,
    from: gap.fromMs,
    to: gap.toMs,
    gaps: gapsText(gap.claims),
  });
}

/** The body a gap object's metadata repeats; `undefined` when there is none in it that can be read. */
export function gapFromMetadata(metadata: Readonly<Record<string, string>>): GapObject | undefined {
  return unlessBadId(() => gapObjectSchema.safeParse(gapFields(decoded(metadata))).data);
}

/** The ids inside throw by themselves. */
function unlessBadId<T>(parse: () => T | undefined): T | undefined {
  try {
    return parse();
  } catch (error) {
    if (error instanceof InvalidIdError) return undefined;
    throw error;
  }
}

function gapFields(field: (key: string) => string): Readonly<Record<keyof GapObject, unknown>> {
  return {
    schema: numberOf(field('schema')),
    camera: field('camera'),
    recorder: field('recorder'),
    fromMs: numberOf(field('from')),
    toMs: numberOf(field('to')),
    claims: claimsIn(field('gaps')),
  };
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
    gapsBefore: claimsIn(field('gaps')),
    clockStepped: booleanOf(field('clock-stepped')),
  };
}

function gapsText(claims: readonly GapClaim[]): string {
  return claims.map(claimText).join('~');
}

function claimsIn(gaps: string): readonly unknown[] {
  return gaps === '' ? [] : gaps.split('~').map(claimParts);
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
