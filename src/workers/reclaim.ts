import { expectedOf } from '../activities/send-segment.js';
import type { Clock } from '../clock.js';
import { isOfWholeStore } from '../domain/failures.js';
import type { SegmentId } from '../domain/ids.js';
import type { Logger } from '../log.js';
import { confirm } from '../object-store/confirm.js';
import type { ObjectStore } from '../object-store/object-store.js';
import { redact } from '../redact.js';
import type { Spool, SpooledSegment } from '../spool/spool.js';
import type { Policies } from '../workflows/contract.js';
import type { ItemRetries } from './item-retries.js';
import type { Link } from './link.js';
import type { UploadLedger } from './upload-ledger.js';

interface ReclaimDeps {
  readonly spool: Pick<Spool, 'list' | 'read' | 'recordReceipt' | 'recordDamage' | 'reclaim'>;
  readonly store: Pick<ObjectStore, 'head' | 'read'>;
  readonly link: Link;
  readonly ledger: UploadLedger;
  readonly policies: Policies;
  readonly retries: ItemRetries<SegmentId>;
  /** How long a stored segment stays here, counted from its receipt. */
  readonly keepLocalMs: number;
  readonly clock: Clock;
  readonly log: Logger;
  /** It is sealed again and must be announced. */
  readonly onLost: (segment: SegmentId) => void;
}

type Stored = Extract<SpooledSegment, { kind: 'stored' }>;

/**
 * Deletes stored segments whose keep time is over, each only with a confirmation (INV-2). One the store lost is sealed again, and so is
 * one it has damaged, which is then sent to another key. One that cannot be confirmed is left to `retries`; a store that does not
 * answer ends the pass.
 */
export async function reclaimStored(deps: ReclaimDeps, signal: AbortSignal): Promise<void> {
  for await (const entry of deps.spool.list()) {
    signal.throwIfAborted();
    if (entry.kind !== 'stored' || !isDue(deps, entry)) continue;
    const { id } = entry.segment;
    if (!deps.retries.isDue(id)) continue;
    try {
      await reclaimOne(deps, entry, signal);
      deps.retries.succeeded(id);
    } catch (error) {
      if (signal.aborted || isOfTheStore(error)) throw error;
      deps.retries.failed(id, error);
      if (isUnreadable(error) && isAlone(deps, id)) {
        await sendElsewhere(deps, entry, error.message);
        deps.retries.succeeded(id);
      }
    }
  }
}

/** With the back-off of `retries` about a quarter of an hour: longer than any restart of a store. */
const UNREADABLE_TRIES = 5;

function isUnreadable(error: unknown): error is Error {
  return error instanceof Error && 'code' in error && error.code === 'store-unreadable';
}

/** Long enough, and the store has given the bytes of another segment since. */
function isAlone({ retries, ledger }: ReclaimDeps, id: SegmentId): boolean {
  const failures = retries.failuresOf(id);
  if (failures === undefined || failures.tries < UNREADABLE_TRIES || ledger.confirmedAtMs === null) return false;
  return ledger.confirmedAtMs >= failures.sinceMs;
}

function isOfTheStore(error: unknown): boolean {
  return error instanceof Error && 'code' in error && isOfWholeStore(error.code);
}

/** The receipt's time is the store's; minutes of skew only move the moment, `confirm` decides by the store's clock. */
function isDue({ clock, keepLocalMs }: ReclaimDeps, { receipt }: Stored): boolean {
  return clock.wallMs() - receipt.atMs >= keepLocalMs;
}

async function reclaimOne(deps: ReclaimDeps, entry: Stored, signal: AbortSignal): Promise<void> {
  const { spool, store, ledger, policies, log } = deps;
  const { segment, receipt } = entry;
  const source = await spool.read(segment.id);
  try {
    const outcome = await confirm({
      store,
      segment: segment.id,
      receipt,
      expected: expectedOf(segment),
      source,
      minAgeMs: policies.confirmAfterMs,
      signal,
    });
    deps.link.up();
    if (outcome.kind === 'confirmed') {
      await spool.reclaim(outcome.confirmation);
      ledger.reclaimed(segment.id);
    }
    if (outcome.kind === 'damaged') await sendElsewhere(deps, entry, outcome.why);
    if (outcome.kind === 'lost') {
      log.error(
        { segment: segment.id, key: receipt.key, why: outcome.why },
        'the store lost a segment; it is sent again',
      );
      await spool.recordReceipt(segment.id, null);
      ledger.lost(segment.id);
      deps.onLost(segment.id);
    }
  } finally {
    await source.close();
  }
}

async function sendElsewhere(deps: ReclaimDeps, { segment, receipt }: Stored, why: string): Promise<void> {
  const { key } = receipt;
  await deps.spool.recordDamage(segment.id, key);
  deps.ledger.damaged({ camera: segment.camera, key, why: redact(why), remedy: 'sent again' });
  deps.onLost(segment.id);
}
