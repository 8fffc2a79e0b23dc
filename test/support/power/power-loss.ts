/** What a disk may hold when the power comes back. What was synced is there in each; of all else some may be, or nothing. */
import type { DiskImage, FileImage, NodeId } from './disk-image.js';
import type { Moment } from './power-watch.js';

type PowerLoss = (moment: Moment) => DiskImage;

export const POWER_LOSSES = {
  /** The least that is allowed. */
  'only what was synced': ({ synced }) => synced,
  /** The most: as if only our process had died. */
  'all there was': ({ actual }) => actual,
  /** The journal was written, the bytes were not: files are cut off, or have a name and no byte. */
  'names without bytes': ({ synced, actual }) => ({ ...actual, files: synced.files }),
  /** Names that were given are there; those that were taken away are there as well. A renamed file has both. */
  'old names beside the new': ({ synced, actual }) => ({
    ...actual,
    folders: new Map(
      [...keysOf(synced.folders, actual.folders)].map((id) => [
        id,
        new Map([...(synced.folders.get(id) ?? []), ...(actual.folders.get(id) ?? [])]),
      ]),
    ),
    files: new Map([...synced.files, ...actual.files]),
  }),
  /** A file has its new size, and zeros where its bytes did not come to the disk. */
  'zeros at the end': (moment) => withTails(moment, (tail) => Buffer.alloc(tail.length)),
  /** The disk wrote half of it. */
  'half of the end': (moment) => withTails(moment, (tail) => tail.subarray(0, tail.length / 2)),
} as const satisfies Readonly<Record<string, PowerLoss>>;

export type PowerLossName = keyof typeof POWER_LOSSES;

/** @param onDisk what comes of the bytes that a file got after its last sync */
function withTails({ synced, actual }: Moment, onDisk: (tail: Buffer) => Buffer): DiskImage {
  const torn = ([id, { bytes, modifiedAtMs }]: readonly [NodeId, FileImage]): readonly [NodeId, FileImage] => {
    const kept = synced.files.get(id)?.bytes ?? Buffer.alloc(0);
    return [id, { bytes: Buffer.concat([kept, onDisk(bytes.subarray(kept.length))]), modifiedAtMs }];
  };
  return { ...actual, files: new Map([...actual.files].map(torn)) };
}

function keysOf(...maps: readonly ReadonlyMap<NodeId, unknown>[]): ReadonlySet<NodeId> {
  return new Set(maps.flatMap((map) => [...map.keys()]));
}
