import type { KeeperClient } from '../keeper/keeper-client.js';
import type { Logger } from '../log.js';
import { redact } from '../redact.js';
import type { RunningWorker } from '../workers/main.js';

/** Why a worker ends, and what it leaves behind. */
type End =
  | { readonly kind: 'leave'; readonly mode: 'stop' | 'detach' }
  | { readonly kind: 'failed'; readonly error: Error };

type LeavingKeeper = Pick<KeeperClient, 'onLeave' | 'disconnected'>;

/**
 * Waits for a reason to end, stops the worker accordingly, and resolves to the exit code. Without its keeper it stops nothing: the
 * process must end at once, before the next keeper's worker has the spool. Everything is done anew from what is on disk.
 */
export async function untilEnd(worker: RunningWorker, keeper: LeavingKeeper | null, log: Logger): Promise<number> {
  const inOrder = endInOrder(worker, keeper, log);
  return keeper === null ? inOrder : Promise.race([inOrder, keeperGone(keeper.disconnected, log)]);
}

async function endInOrder(worker: RunningWorker, keeper: LeavingKeeper | null, log: Logger): Promise<number> {
  const end = await firstReason(worker, keeper);
  switch (end.kind) {
    case 'leave':
      log.info({ mode: end.mode }, 'leaving');
      await worker.stop(end.mode);
      return 0;
    case 'failed':
      log.error({ error: redact(String(end.error)) }, 'the worker failed: the next one takes over');
      await worker.stop('detach');
      return 1;
    default:
      return end satisfies never;
  }
}

/** Also while it leaves, and when the keeper went before we listened. */
async function keeperGone(disconnected: AbortSignal, log: Logger): Promise<number> {
  if (!disconnected.aborted) {
    await new Promise<void>((resolve) => disconnected.addEventListener('abort', () => resolve(), { once: true }));
  }
  log.error('the keeper is gone');
  return 1;
}

async function firstReason(worker: RunningWorker, keeper: LeavingKeeper | null): Promise<End> {
  return new Promise((resolve) => {
    void worker.failed.then((error) => resolve({ kind: 'failed', error }));
    if (keeper === null) {
      // Whoever started us decides; a second signal ends us as Node does.
      for (const name of ['SIGTERM', 'SIGINT'] as const)
        process.once(name, () => resolve({ kind: 'leave', mode: 'stop' }));
      return;
    }
    keeper.onLeave((mode) => resolve({ kind: 'leave', mode }));
    // Ctrl-C reaches the whole process group: the keeper, which hears it too, tells us what to do.
    process.on('SIGINT', () => undefined);
    process.once('SIGTERM', () => resolve({ kind: 'leave', mode: 'detach' }));
  });
}
