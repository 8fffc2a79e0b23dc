/**
 * Names of things. Each is made only by its `parse…` function, and is safe as a file name, a metric label and a workflow id.
 * Session and segment ids sort by time.
 */
declare const brand: unique symbol;
/** Exists only for the compiler: at run time it is the plain text, so it crosses JSON as it is. */
export type Brand<T, Name extends string> = T & { readonly [brand]: Name };

/** `camera-1`. It is also the id of the camera's workflow. */
export type CameraId = Brand<string, 'CameraId'>;
/** Owner of one spool, kept in it; names the queues `record@<id>` and `upload@<id>`. */
export type RecorderId = Brand<string, 'RecorderId'>;
/** `20251214T013002Z-7f3a`: one life of one FFmpeg. */
export type SessionId = Brand<string, 'SessionId'>;
/** `camera-1_20251214T013002Z-7f3a_0007`; the upload workflow's id is `upload/<SegmentId>`. */
export type SegmentId = Brand<string, 'SegmentId'>;
/** Where an object lives in the bucket. */
export type ObjectKey = Brand<string, 'ObjectKey'>;
/** Has been through `redact()`; the only text that may be logged, thrown or reported (INV-7). */
export type Redacted = Brand<string, 'Redacted'>;

/** Thrown when a text is not the id it should be; names the kind, never echoes more than 80 characters. */
export class InvalidIdError extends Error {
  readonly code = 'invalid-id';
  constructor(kind: string, text: string, allowed: string) {
    super(`"${text.slice(0, 80)}" is not a ${kind}: allowed is ${allowed}`);
    this.name = 'InvalidIdError';
  }
}

const NAME = /^[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?$/;
const SESSION = /^(\d{4})(\d{2})(\d{2})T(\d{2})(\d{2})(\d{2})Z-[0-9a-f]{4}$/;
const SEGMENT = /^([a-z0-9-]{1,63})_(\d{8}T\d{6}Z-[0-9a-f]{4})_(\d{4,6})$/;
const NAME_RULE = '1 to 63 of a-z, 0-9 and "-", not at the ends';

/** @throws InvalidIdError */
export function parseCameraId(text: string): CameraId {
  if (!NAME.test(text)) throw new InvalidIdError('camera id', text, NAME_RULE);
  return text as CameraId;
}

/** @throws InvalidIdError */
export function parseRecorderId(text: string): RecorderId {
  if (!NAME.test(text)) throw new InvalidIdError('recorder id', text, NAME_RULE);
  return text as RecorderId;
}

/** @throws InvalidIdError */
export function parseSessionId(text: string): SessionId {
  if (!SESSION.test(text)) throw new InvalidIdError('session id', text, 'like 20251214T013002Z-7f3a');
  return text as SessionId;
}

/** @throws InvalidIdError */
export function parseSegmentId(text: string): SegmentId {
  if (!SEGMENT.test(text)) throw new InvalidIdError('segment id', text, 'like camera-1_20251214T013002Z-7f3a_0007');
  return text as SegmentId;
}

/** @throws InvalidIdError Keys are relative, have no empty, `.` or `..` part and no control character. */
export function parseObjectKey(text: string): ObjectKey {
  const isBad = text.length === 0 || text.length > 1024 || hasControlCharacter(text);
  if (isBad || text.split('/').some((part) => part === '' || part === '.' || part === '..')) {
    throw new InvalidIdError('object key', text, 'a relative path without empty, "." or ".." parts');
  }
  return text as ObjectKey;
}

/** The id of the session that starts at `startedAtMs`; `random` is four hex digits' worth, 0 ≤ random < 1. */
export function sessionIdOf(startedAtMs: number, random: number): SessionId {
  const suffix = Math.floor(random * 0x10000)
    .toString(16)
    .padStart(4, '0');
  return parseSessionId(`${compactUtc(startedAtMs)}-${suffix}`);
}

/** The second at which the session was started, in ms UTC. */
export function sessionStartMs(session: SessionId): number {
  const [, year, month, day, hour, minute, second] = SESSION.exec(session) ?? [];
  return Date.UTC(Number(year), Number(month) - 1, Number(day), Number(hour), Number(minute), Number(second));
}

/** `index` is padded to 4 digits. @throws InvalidIdError for an index above 999,999. */
export function segmentIdOf(camera: CameraId, session: SessionId, index: number): SegmentId {
  return parseSegmentId(`${camera}_${session}_${String(index).padStart(4, '0')}`);
}

/** What a segment id is made of. */
export function partsOf(segment: SegmentId): {
  readonly camera: CameraId;
  readonly session: SessionId;
  readonly index: number;
} {
  const [, camera = '', session = '', index = ''] = SEGMENT.exec(segment) ?? [];
  return { camera: parseCameraId(camera), session: parseSessionId(session), index: Number(index) };
}

/** `20251214T013002Z` */
export function compactUtc(atMs: number): string {
  return new Date(atMs).toISOString().replace(/[-:]/g, '').replace(/\.\d+/, '');
}

function hasControlCharacter(text: string): boolean {
  for (const character of text) if (character < ' ' || character === '\u007f') return true;
  return false;
}
