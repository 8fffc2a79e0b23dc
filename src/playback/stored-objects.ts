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
export type ReadableStore = Pick<ObjectStore, 'list' | 'head' | 'read'>;

/** One of a camera's objects, as far as a listing tells. */
export interface ListedObject extends ObjectName {
  readonly key: ObjectKey;
  readonly sizeBytes: number;
}

/** What an object says. `gone`: deleted since it was listed. `unreadable`: neither its metadata nor its bytes say anything. */
export type ReadObject =
  | { readonly kind: 'segment'; readonly footage: Footage; readonly claims: readonly GapClaim[] }
  | { readonly kind: 'gap'; readonly slot: TimeRange; readonly claims: readonly GapClaim[] }
  | { readonly kind: 'gone' | 'unreadable'; readonly key: ObjectKey };

type Stored = Pick<Footage, 'fromMs' | 'toMs'> & {
  readonly id: Footage['segment'];
  readonly gapsBefore: readonly GapClaim[];
};

/** The box says all of a sidecar but what was not known when it was made; this is what coverage needs of it. */
const boxSchema: z.ZodType<Stored, unknown> = z.object({
  id: z.string().transform(parseSegmentId),
  fromMs: z.number(),
  toMs: z.number(),
  gapsBefore: z.array(gapClaimSchema),
});

/** Gap objects are some hundred bytes; what is much larger is not one. */
const LARGEST_GAP_OBJECT_BYTES = 65_536;

/** The camera's objects whose keys are of the UTC day of `atMs`, in the order of their times. One listing. */
export async function listDay(
  store: ReadableStore,
  camera: CameraId,
  atMs: number,
  signal: AbortSignal,
): Promise<readonly ListedObject[]> {
  const found: ListedObject[] = [];
  for await (const { key, sizeBytes } of store.list(dayPrefixOf(camera, atMs), signal)) {
    const name = objectNameIn(camera, key);
    if (name !== undefined) found.push({ ...name, key, sizeBytes });
  }
  return found.sort((one, other) => one.nominalStartMs - other.nominalStartMs);
}

/**
 * One HEAD; where a tool that copied the bucket dropped the metadata, the object itself is asked: the box in the MP4, or the body.
 * Throws what the store throws.
 */
export async function readObject(store: ReadableStore, object: ListedObject, signal: AbortSignal): Promise<ReadObject> {
  const head = await store.head(object.key, signal);
  if (head === undefined) return { kind: 'gone', key: object.key };
  return object.kind === 'gap'
    ? gapOf(object, gapFromMetadata(head.metadata) ?? (await gapInBody(store, object, signal)))
    : segmentOf(object, segmentFromMetadata(head.metadata) ?? (await segmentInBox(store, object, signal)));
}

function gapOf({ key }: ListedObject, gap: GapObject | undefined): ReadObject {
  if (gap === undefined) return { kind: 'unreadable', key };
  return { kind: 'gap', slot: { fromMs: gap.fromMs, toMs: gap.toMs }, claims: gap.claims };
}

function segmentOf({ key }: ListedObject, segment: Stored | undefined): ReadObject {
  if (segment === undefined) return { kind: 'unreadable', key };
  const { id, fromMs, toMs, gapsBefore } = segment;
  return { kind: 'segment', footage: { segment: id, fromMs, toMs, where: 'store' }, claims: gapsBefore };
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
