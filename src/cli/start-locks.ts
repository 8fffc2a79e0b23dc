/** One `start` a `.data/`, and none beside what an earlier one has left running. */
import { join } from 'node:path';
import { systemClock } from '../clock.js';
import { type SpoolLock, SpoolLockedError, takeSpoolLock } from '../keeper/spool-lock.js';

const LOOK_EVERY_MS = 500;
/** A keeper whose `start` was killed ends by itself; its own ladder takes at most 67 s. */
const WAIT_MS = 90_000;

/** Two of everything on the same files would ruin them. @throws Error for the person at the terminal */
export async function lockData(dataDir: string): Promise<SpoolLock> {
  try {
    return await takeSpoolLock(join(dataDir, 'lock'));
  } catch (error) {
    if (!(error instanceof SpoolLockedError)) throw error;
    const { pid } = error.holder;
    throw new Error(`It runs already, as process ${pid}, with ${dataDir}. Stop that one first.`, { cause: error });
  }
}

/** Resolves when no keeper has the spool, or there is none yet. Rejects with who has it after 90 s, or when the signal aborts. */
export async function untilSpoolIsFree(
  spoolDir: string,
  options: { readonly say: (line: string) => void; readonly signal: AbortSignal },
): Promise<void> {
  const until = systemClock.monotonicMs() + WAIT_MS;
  for (let looks = 1; ; looks += 1) {
    const holder = await holderOf(spoolDir);
    if (holder === null) return;
    if (systemClock.monotonicMs() > until) throw holder;
    if (looks === 1)
      options.say(`Process ${holder.holder.pid} still records into ${spoolDir}: waiting for it to end …`);
    await systemClock.sleep(LOOK_EVERY_MS, options.signal);
  }
}

async function holderOf(spoolDir: string): Promise<SpoolLockedError | null> {
  try {
    await (await takeSpoolLock(join(spoolDir, 'lock'))).release();
    return null;
  } catch (error) {
    if (error instanceof SpoolLockedError) return error;
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return null;
    throw error;
  }
}
