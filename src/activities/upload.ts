import { Context } from '@temporalio/activity';
import { ApplicationFailure, CancelledFailure } from '@temporalio/common';
import type { ObjectKey, SegmentId } from '../domain/ids.js';
import type { ByteSource, Receipt, UploadCheckpoint } from '../domain/receipt.js';
import type { SealedSegment } from '../domain/segment.js';
import type { Spool, SpooledSegment } from '../spool/spool.js';
import type { Activities } from '../workflows/contract.js';
import { toApplicationFailure } from './upload-failure.js';
import { UploadOrder } from './upload-order.js';
import { UploadTurns } from './upload-turns.js';

/** Sends one segment, resuming from `checkpoint`, and proves that it arrived. Wired to `object-store/upload-object.ts`. */
export type SendSegment = (request: {
  readonly segment: SealedSegment;
  readonly source: ByteSource;
  readonly checkpoint: UploadCheckpoint | null;
  /** What the store has there is damaged. */
  readonly avoid: readonly ObjectKey[];
  readonly onCheckpoint: (checkpoint: UploadCheckpoint | null) => Promise<void>;
  readonly onProgress: (sentBytes: number) => void;
  readonly signal: AbortSignal;
}) => Promise<Receipt>;

/** Looks in the store for a segment whose file is gone. `segment` is known while its sidecar exists. */
export type FindStored = (
  wanted: {
    readonly id: SegmentId;
    readonly segment: SealedSegment | null;
    readonly fromMs: number | null;
    readonly sizeBytes: number | null;
  },
  signal: AbortSignal,
) => Promise<Receipt | undefined>;

/** Counts for metrics and the announce loop. */
export interface UploadObserver {
  /** It is its turn. */
  started(segment: SegmentId): void;
  /** At every progress, and while it waits for its turn; such a segment is not announced again. */
  touched(segment: SegmentId): void;
  stored(segment: SealedSegment, receipt: Receipt): void;
  /** `code` is a failure code, or `unexpected`. */
  failed(segment: SegmentId, code: string, message: string): void;
  /** Always last of what was started, however it ended. */
  ended(segment: SegmentId): void;
}

interface UploadDeps {
  readonly spool: Pick<Spool, 'find' | 'read' | 'damagedKeys' | 'recordCheckpoint' | 'recordReceipt'>;
  readonly send: SendSegment;
  readonly findStored: FindStored;
  readonly observer: UploadObserver;
  /** `MAX_CONCURRENT_UPLOADS`; more attempts than that wait here, and are sent in order. */
  readonly atOnce: number;
  readonly heartbeatEveryMs: number;
  /** Before the next try of what needs a person. */
  readonly slowRetryMs: number;
  /** How long an attempt waits for one at the same segment that is still under way here. */
  readonly waitForOtherMs: number;
}

type UploadInput = Parameters<Activities['uploadSegment']>[0];

/**
 * May run twice at once on the same segment: bytes, keys and receipt are the same (INV-6). Here, the second waits for the first, so that
 * nothing is sent twice.
 */
export function createUploadActivities(deps: UploadDeps): Pick<Activities, 'uploadSegment'> {
  const turns = new UploadTurns(deps.waitForOtherMs);
  const order = new UploadOrder(deps.atOnce);
  return {
    async uploadSegment(input) {
      const context = Context.current();
      const { segment } = input;
      const { cancellationSignal } = context;
      const beating = setInterval(() => {
        context.heartbeat();
        deps.observer.touched(segment);
      }, deps.heartbeatEveryMs);
      const bring = async (): Promise<Receipt> =>
        await observed(deps, segment, () => bringToStore(deps, input, context));
      try {
        return await turns.take(
          segment,
          cancellationSignal,
          async () => await order.take(segment, cancellationSignal, bring),
        );
      } catch (error) {
        throw reported(deps, segment, error, cancellationSignal);
      } finally {
        clearInterval(beating);
      }
    },
  };
}

async function observed(deps: UploadDeps, segment: SegmentId, bring: () => Promise<Receipt>): Promise<Receipt> {
  deps.observer.started(segment);
  try {
    return await bring();
  } finally {
    deps.observer.ended(segment);
  }
}

async function bringToStore(deps: UploadDeps, input: UploadInput, context: Context): Promise<Receipt> {
  const found = await deps.spool.find(input.segment);
  if (found?.kind === 'stored') return found.receipt;
  if (found === undefined) return await storedOrMissing(deps, input, null, context.cancellationSignal);
  const source = await openSource(deps, found);
  if (source === undefined) return await storedOrMissing(deps, input, found.segment, context.cancellationSignal);
  try {
    return await sendAndRecord(deps, found, source, context);
  } finally {
    await source.close();
  }
}

async function sendAndRecord(
  deps: UploadDeps,
  found: SpooledSegment,
  source: ByteSource,
  context: Context,
): Promise<Receipt> {
  const { segment } = found;
  const receipt = await deps.send({
    segment,
    source,
    checkpoint: found.kind === 'uploading' ? found.checkpoint : null,
    avoid: await deps.spool.damagedKeys(segment.id),
    onCheckpoint: async (checkpoint) => await deps.spool.recordCheckpoint(segment.id, checkpoint),
    onProgress: (sentBytes) => {
      deps.observer.touched(segment.id);
      context.heartbeat({ sentBytes, sizeBytes: segment.sizeBytes });
    },
    signal: context.cancellationSignal,
  });
  return await keep(deps, segment, receipt);
}

async function keep(deps: UploadDeps, segment: SealedSegment, receipt: Receipt): Promise<Receipt> {
  await deps.spool.recordReceipt(segment.id, receipt);
  deps.observer.stored(segment, receipt);
  return receipt;
}

/** The bytes are gone here. Done if the store has them; else somebody has to look, and it is asked again slowly, never given up. */
async function storedOrMissing(
  deps: UploadDeps,
  input: UploadInput,
  segment: SealedSegment | null,
  signal: AbortSignal,
): Promise<Receipt> {
  const { segment: id, fromMs = null, sizeBytes = null } = input;
  const receipt = await deps.findStored({ id, segment, fromMs, sizeBytes }, signal);
  if (receipt === undefined) {
    throw ApplicationFailure.create({
      message: `segment ${id} is neither in the spool nor in the store`,
      type: 'segment-missing',
      nextRetryDelay: deps.slowRetryMs,
    });
  }
  return segment === null ? receipt : await keep(deps, segment, receipt);
}

async function openSource(deps: UploadDeps, found: SpooledSegment): Promise<ByteSource | undefined> {
  try {
    return await deps.spool.read(found.segment.id);
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'segment-missing') return undefined;
    throw error;
  }
}

/** A cancelled upload is not a failed one; the SDK recognises its own reason. */
function reported(deps: UploadDeps, segment: SegmentId, error: unknown, signal: AbortSignal): unknown {
  if (signal.aborted) return signal.reason instanceof CancelledFailure ? signal.reason : error;
  const failure = toApplicationFailure(error, deps.slowRetryMs);
  deps.observer.failed(segment, failure.type ?? 'unexpected', failure.message);
  return failure;
}
