import type { KeeperClient } from '../keeper/keeper-client.js';
import type { Logger } from '../log.js';
import { redact } from '../redact.js';
import type { RunningWorker } from '../workers/main.js';

/** Why a worker ends, and what it leaves behind. */
type End =
  | { readonly kind: 'leave'; readonly mode: 'stop' | 'detach' }
  | { readonly kind: 'keeper-gone' }
  | { readonly kind: 'failed'; readonly error: Error };

type LeavingKeeper = Pick<KeeperClient, 'onLeave' | 'disconnected'>;

/** Waits for a reason to end, stops the worker accordingly, and resolves to the exit code. */
export async function untilEnd(worker: RunningWorker, keeper: LeavingKeeper | null, log: Logger): Promise<number> {
  const end = await firstReason(worker, keeper);
  switch (end.kind) {
    case 'leave':
      log.info({ mode: end.mode }, 'leaving');
      await worker.stop(end.mode);
      return 0;
    case 'keeper-gone':
      // FFmpeg ends by itself then; what it recorded is sealed at the next start.
      log.error('the keeper is gone');
      await worker.stop('detach');
      return 1;
    case 'failed':
      log.error({ error: redact(String(end.error)) }, 'the worker failed: the next one takes over');
      await worker.stop('detach');
      return 1;
    default:
      return end satisfies never;
  }
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
    keeper.disconnected.addEventListener('abort', () => resolve({ kind: 'keeper-gone' }));
    // Ctrl-C reaches the whole process group: the keeper, which hears it too, tells us what to do.
    process.on('SIGINT', () => undefined);
    process.once('SIGTERM', () => resolve({ kind: 'leave', mode: 'detach' }));
  });
}
