/**
 * Sends everything a spool holds, without Temporal: whoever calls it has the spool's lock, so no workflow's attempt runs beside it (INV-3).
 *
 * 1. In the order of `UploadOrder`; from each one's checkpoint, and ending with its receipt, as an attempt of a workflow would.
 * 2. Nothing is deleted. When it is aborted, what was sent is sent, and the rest is as it was, with its checkpoints.
 * 3. What fails is tried again for as long as it takes; when it is the store's fault, the others are not tried in vain.
 */
import { setMaxListeners } from 'node:events';
import type { Clock } from '../clock.js';
import { isOfWholeStore } from '../domain/failures.js';
import type { Receipt } from '../domain/receipt.js';
import type { SealedSegment } from '../domain/segment.js';
import type { Spool, SpooledSegment } from '../spool/spool.js';
import type { SendSegment } from './upload.js';
import { UploadOrder } from './upload-order.js';

interface DrainDeps {
  readonly spool: Pick<Spool, 'list' | 'read' | 'damagedKeys' | 'recordCheckpoint' | 'recordReceipt'>;
  readonly send: SendSegment;
  readonly atOnce: number;
  readonly retryMs: number;
  readonly clock: Clock;
  readonly observer: DrainObserver;
}

/** What somebody who waits for it wants to know. */
export interface DrainObserver {
  /** At the beginning of each pass, oldest first. */
  remains(segments: readonly SealedSegment[]): void;
  stored(segment: SealedSegment, receipt: Receipt): void;
  /** It is tried again in the next pass. */
  failed(segment: SealedSegment, error: unknown): void;
}

type Unsent = Exclude<SpooledSegment, { readonly kind: 'stored' }>;

/** Resolves when every segment has a receipt. Rejects with the signal's reason, or with what the spool itself throws. */
export async function drainSpool(deps: DrainDeps, signal: AbortSignal): Promise<void> {
  for (;;) {
    const unsent = await unsentOf(deps);
    deps.observer.remains(unsent.map(({ segment }) => segment));
    if (unsent.length === 0) return;
    if (!(await sendAll(deps, unsent, signal))) await deps.clock.sleep(deps.retryMs, signal);
  }
}

async function unsentOf({ spool }: DrainDeps): Promise<readonly Unsent[]> {
  const unsent: Unsent[] = [];
  for await (const entry of spool.list()) if (entry.kind !== 'stored') unsent.push(entry);
  return unsent;
}

/** Resolves to whether none failed. */
async function sendAll(deps: DrainDeps, unsent: readonly Unsent[], signal: AbortSignal): Promise<boolean> {
  const order = new UploadOrder(deps.atOnce);
  const ofStore = new AbortController();
  const ended = AbortSignal.any([signal, ofStore.signal]);
  // Everything that waits listens to it.
  setMaxListeners(0, ended);
  const sent = await Promise.allSettled(
    unsent.map(async (entry) => {
      await order.take(entry.segment.id, ended, async () => {
        try {
          await sendOne(deps, entry, ended);
        } catch (error) {
          if (!ended.aborted) deps.observer.failed(entry.segment, error);
          if (isOfStore(error)) ofStore.abort();
          throw error;
        }
      });
    }),
  );
  signal.throwIfAborted();
  return sent.every(({ status }) => status === 'fulfilled');
}

async function sendOne({ spool, send, observer }: DrainDeps, entry: Unsent, signal: AbortSignal): Promise<void> {
  const { segment } = entry;
  const source = await spool.read(segment.id);
  try {
    const receipt = await send({
      segment,
      source,
      checkpoint: entry.kind === 'uploading' ? entry.checkpoint : null,
      avoid: await spool.damagedKeys(segment.id),
      onCheckpoint: async (checkpoint) => await spool.recordCheckpoint(segment.id, checkpoint),
      onProgress: () => undefined,
      signal,
    });
    await spool.recordReceipt(segment.id, receipt);
    observer.stored(segment, receipt);
  } finally {
    await source.close();
  }
}

function isOfStore(error: unknown): boolean {
  return error instanceof Error && 'code' in error && typeof error.code === 'string' && isOfWholeStore(error.code);
}
