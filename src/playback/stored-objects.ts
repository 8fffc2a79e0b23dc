import { z } from 'zod';
import { type Footage, type GapClaim, gapClaimSchema } from '../domain/coverage.js';
import { type GapObject, gapObjectSchema } from '../domain/gap-object.js';
import { type CameraId, InvalidIdError, type ObjectKey, parseSegmentId } from '../domain/ids.js';
import { dayPrefixOf, type ObjectName, objectNameIn } from '../domain/object-key.js';
import type { TimeRange } from '../domain/time-range.js';
import { readCoverageBox } from '../mp4/coverage-box.js';
import { Mp4Error } from '../mp4/mp4-error.js';
import { gapFromMetadata, segmentFromMetadata } from '../object-store/coverage-metadata.js';
import type { ObjectStore } from '../object-store/object-store.js';

/** What reading needs of a store: it never writes, so tests and the page give it no more than this. */
export type ReadableStore = Pick<ObjectStore, 'list' | 'head' | 'read' | 'readSmall'>;

/** One of a camera's objects, as far as a listing tells. */
export interface ListedObject extends ObjectName {
  readonly key: ObjectKey;
  readonly sizeBytes: number;
}

/** A listed object with the time the store gives it. */
export interface DatedObject extends ListedObject {
  readonly lastModifiedMs: number;
}

/**
 * What an object says. `gone`: deleted since it was listed. `unreadable`: neither its metadata nor its bytes say anything. `sha256Hex`: of
 * the recorded bytes, null where it is not said.
 */
export type ReadObject = { readonly key: ObjectKey; readonly sizeBytes: number } & (
  | {
      readonly kind: 'segment';
      readonly footage: Footage;
      readonly sha256Hex: string | null;
      readonly claims: readonly GapClaim[];
    }
  | { readonly kind: 'gap'; readonly slot: TimeRange; readonly claims: readonly GapClaim[] }
  | { readonly kind: 'gone' | 'unreadable' }
);

type Stored = Pick<Footage, 'fromMs' | 'toMs'> & {
  readonly id: Footage['segment'];
  readonly sha256Hex: string | null;
  readonly gapsBefore: readonly GapClaim[];
};

/** The box says all of a sidecar but what was not known when it was made; this is what coverage needs of it. */
const boxSchema: z.ZodType<Stored, unknown> = z
  .object({
    id: z.string().transform(parseSegmentId),
    fromMs: z.number(),
    toMs: z.number(),
    gapsBefore: z.array(gapClaimSchema),
    sha256: z.string().optional(),
  })
  .transform(({ sha256, ...stored }) => ({ ...stored, sha256Hex: sha256 ?? null }));

/** Gap objects are some hundred bytes; what is much larger is not one. */
const LARGEST_GAP_OBJECT_BYTES = 65_536;

/** The camera's objects whose keys are of the UTC day of `atMs`, in the order of their times. One listing. */
export async function listDay(
  store: ReadableStore,
  camera: CameraId,
  atMs: number,
  signal: AbortSignal,
): Promise<readonly DatedObject[]> {
  const found: DatedObject[] = [];
  for await (const { key, sizeBytes, lastModifiedMs } of store.list(dayPrefixOf(camera, atMs), signal)) {
    const name = objectNameIn(camera, key);
    if (name !== undefined) found.push({ ...name, key, sizeBytes, lastModifiedMs });
  }
  return found.sort((one, other) => one.nominalStartMs - other.nominalStartMs);
}

/**
 * One HEAD; where a tool that copied the bucket dropped the metadata, the object itself is asked: the box in the MP4, or the body.
 * Throws what the store throws.
 */
export async function readObject(store: ReadableStore, object: ListedObject, signal: AbortSignal): Promise<ReadObject> {
  const head = await store.head(object.key, signal);
  if (head === undefined) return { ...keyOf(object), kind: 'gone' };
  return object.kind === 'gap'
    ? gapOf(object, gapFromMetadata(head.metadata) ?? (await gapInBody(store, object, signal)))
    : segmentOf(object, inMetadata(head.metadata) ?? (await segmentInBox(store, object, signal)));
}

function keyOf({ key, sizeBytes }: ListedObject): Pick<ReadObject, 'key' | 'sizeBytes'> {
  return { key, sizeBytes };
}

function gapOf(object: ListedObject, gap: GapObject | undefined): ReadObject {
  if (gap === undefined) return { ...keyOf(object), kind: 'unreadable' };
  return { ...keyOf(object), kind: 'gap', slot: { fromMs: gap.fromMs, toMs: gap.toMs }, claims: gap.claims };
}

function segmentOf(object: ListedObject, segment: Stored | undefined): ReadObject {
  if (segment === undefined) return { ...keyOf(object), kind: 'unreadable' };
  const { id, fromMs, toMs, sha256Hex, gapsBefore } = segment;
  const footage = { segment: id, fromMs, toMs, where: 'store' } as const;
  return { ...keyOf(object), kind: 'segment', footage, sha256Hex, claims: gapsBefore };
}

function inMetadata(metadata: Readonly<Record<string, string>>): Stored | undefined {
  const segment = segmentFromMetadata(metadata);
  return segment === undefined ? undefined : { ...segment, sha256Hex: segment.recording.sha256Hex };
}

async function gapInBody(
  store: ReadableStore,
  { key, sizeBytes }: ListedObject,
  signal: AbortSignal,
): Promise<GapObject | undefined> {
  const range = { offsetBytes: 0, sizeBytes: Math.min(sizeBytes, LARGEST_GAP_OBJECT_BYTES) };
  const text = new TextDecoder().decode(await store.read(key, range, signal));
  return unlessMalformed(async () => gapObjectSchema.safeParse(JSON.parse(text)).data);
}

async function segmentInBox(
  store: ReadableStore,
  { key }: ListedObject,
  signal: AbortSignal,
): Promise<Stored | undefined> {
  const source = {
    read: async (into: Uint8Array, offsetBytes: number): Promise<number> => {
      const bytes = await store.read(key, { offsetBytes, sizeBytes: into.length }, signal);
      into.set(bytes);
      return bytes.length;
    },
  };
  return await unlessMalformed(async () => boxSchema.safeParse(await readCoverageBox(source)).data);
}

/** Only what is wrong with the bytes is "nothing"; a store that does not answer is not. */
async function unlessMalformed<T>(read: () => Promise<T | undefined>): Promise<T | undefined> {
  try {
    return await read();
  } catch (error) {
    if (error instanceof SyntaxError || error instanceof Mp4Error || error instanceof InvalidIdError) return undefined;
    throw error;
  }
}
