/** What a disk leaves that lost its power and had lied about its syncs: files of sealed segments that are not whole. */
import { readdir, readFile, truncate, writeFile } from 'node:fs/promises';
import { type CameraId, parseSegmentId, type SegmentId } from '../../src/domain/ids.js';
import { type Receipt, receiptSchema } from '../../src/domain/receipt.js';
import { createSpoolLayout, SEGMENT_SUFFIXES, segmentPathsOf } from '../../src/spool/layout.js';

const CHECKPOINT = JSON.stringify({ key: 'some/key.mp4', uploadId: 'an-upload-of-before', partSizeBytes: 8_388_608 });
const SHAPES: readonly ((path: string) => Promise<void>)[] = [
  async (path) => await truncate(path, Math.floor((await readFile(path)).length / 2)),
  async (path) => await truncate(path, 0),
  async (path) => await writeFile(path, Buffer.alloc(4_096)),
];

export interface TornFiles {
  readonly paths: readonly string[];
  /** Of segments whose sidecars were torn: where it is, and what it said. */
  readonly sidecars: ReadonlyMap<string, unknown>;
  /** Of segments that lost theirs. */
  readonly receipts: ReadonlyMap<SegmentId, Receipt>;
}

/**
 * One is cut in half, one empty, one full of zeros: of the newest stored segments of one camera the sidecars, of another the receipts,
 * and a checkpoint beside each of these. Nobody may use the spool meanwhile.
 */
export async function tearFiles(spoolDir: string, sealed: CameraId, stored: CameraId): Promise<TornFiles> {
  const paths: string[] = [];
  const [sidecars, receipts] = [new Map<string, unknown>(), new Map<SegmentId, Receipt>()];
  const layout = createSpoolLayout(spoolDir);
  for (const [tear, id] of await shapedOf(spoolDir, sealed)) {
    const { sidecar } = segmentPathsOf(layout, id);
    sidecars.set(sidecar, JSON.parse(await readFile(sidecar, 'utf8')));
    await tear(sidecar);
    paths.push(sidecar);
  }
  for (const [tear, id] of await shapedOf(spoolDir, stored)) {
    const { receipt, checkpoint } = segmentPathsOf(layout, id);
    receipts.set(id, receiptSchema.parse(JSON.parse(await readFile(receipt, 'utf8'))));
    await writeFile(checkpoint, CHECKPOINT);
    for (const path of [receipt, checkpoint]) await tear(path);
    paths.push(receipt, checkpoint);
  }
  return { paths, sidecars, receipts };
}

/** The newest segments that have a receipt, each with what is to become of it. */
async function shapedOf(spoolDir: string, camera: CameraId) {
  const names = await readdir(createSpoolLayout(spoolDir).sealedDir(camera));
  const stored = names.filter((name) => name.endsWith(SEGMENT_SUFFIXES.receipt)).toSorted();
  const ids = stored.map((name) => parseSegmentId(name.slice(0, -SEGMENT_SUFFIXES.receipt.length)));
  if (ids.length < SHAPES.length) throw new Error(`${camera} has ${ids.length} stored segments`);
  return SHAPES.map((tear, index) => [tear, ids.at(-1 - index) as SegmentId] as const);
}
