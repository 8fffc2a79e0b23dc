import { stat } from 'node:fs/promises';
import type { z } from 'zod';
import type { ObjectKey, Redacted, SegmentId } from '../domain/ids.js';
import {
  damagedKeysSchema,
  type Receipt,
  receiptSchema,
  type UploadCheckpoint,
  uploadCheckpointSchema,
} from '../domain/receipt.js';
import { type SealedSegment, sealedSegmentSchema } from '../domain/segment.js';
import { redact } from '../redact.js';
import { readIfThere } from './durable-file.js';
import { type SegmentPaths, segmentPathsOf } from './layout.js';
import { parseJson } from './parse-json.js';
import type { SpooledSegment, SpoolLayout } from './spool.js';
import { errnoOf } from './spool-error.js';

type Sidecar = { readonly segment: SealedSegment; readonly sealedAtMs: number };

interface SegmentReaderOptions {
  readonly layout: SpoolLayout;
  readonly quarantine: (path: string, reason: Redacted) => Promise<void>;
}

/**
 * Reads what the files of a sealed segment say. Sidecars never change (INV-1), so each is parsed once; receipts and checkpoints are
 * read every time. What cannot be understood is quarantined, which takes the segment back one state: nothing is lost by that.
 */
export class SegmentReader {
  readonly #layout: SpoolLayout;
  readonly #quarantine: (path: string, reason: Redacted) => Promise<void>;
  readonly #sidecars = new Map<SegmentId, Sidecar>();

  constructor(options: SegmentReaderOptions) {
    this.#layout = options.layout;
    this.#quarantine = options.quarantine;
  }

  /** `undefined` when there is no sidecar, or no readable one any more. */
  async read(id: SegmentId): Promise<SpooledSegment | undefined> {
    const paths = segmentPathsOf(this.#layout, id);
    const sidecar = await this.sidecar(id, paths);
    if (sidecar === undefined) return undefined;
    const receipt = await this.#parsed<Receipt>(paths.receipt, receiptSchema);
    const damaged = receipt === undefined ? [] : await this.damagedKeys(id);
    if (receipt !== undefined && !damaged.includes(receipt.key)) return { ...sidecar, kind: 'stored', receipt };
    const checkpoint = await this.#parsed<UploadCheckpoint>(paths.checkpoint, uploadCheckpointSchema);
    if (checkpoint !== undefined) return { ...sidecar, kind: 'uploading', checkpoint };
    return { ...sidecar, kind: 'sealed' };
  }

  /** Usually none. */
  async damagedKeys(id: SegmentId): Promise<readonly ObjectKey[]> {
    const { damaged } = segmentPathsOf(this.#layout, id);
    return (await this.#parsed<readonly ObjectKey[]>(damaged, damagedKeysSchema)) ?? [];
  }

  async sidecar(id: SegmentId, paths: SegmentPaths): Promise<Sidecar | undefined> {
    const sealedAtMs = await mtimeOf(paths.sidecar);
    if (sealedAtMs === undefined) {
      this.#sidecars.delete(id);
      return undefined;
    }
    const known = this.#sidecars.get(id);
    if (known !== undefined) return known;
    const segment = await this.#parsed<SealedSegment>(paths.sidecar, sealedSegmentSchema);
    if (segment === undefined) return undefined;
    if (segment.id !== id) {
      await this.#quarantine(paths.sidecar, redact(`it is the sidecar of ${segment.id}`));
      return undefined;
    }
    const sidecar = { segment, sealedAtMs };
    this.#sidecars.set(id, sidecar);
    return sidecar;
  }

  async #parsed<T>(path: string, schema: z.ZodType<T, unknown>): Promise<T | undefined> {
    const text = await readIfThere(path);
    if (text === undefined) return undefined;
    const parsed = parseJson(text, schema);
    if (parsed.kind === 'parsed') return parsed.value;
    await this.#quarantine(path, parsed.reason);
    return undefined;
  }
}

async function mtimeOf(path: string): Promise<number | undefined> {
  try {
    return (await stat(path)).mtimeMs;
  } catch (error) {
    if (errnoOf(error) === 'ENOENT') return undefined;
    throw error;
  }
}
