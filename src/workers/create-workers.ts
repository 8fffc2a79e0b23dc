import type { Worker } from '@temporalio/worker';

/** All or none: a worker that was created but never run would hold its connection for ever. */
export async function createAll(makers: readonly (() => Promise<Worker>)[]): Promise<readonly Worker[]> {
  const created: Worker[] = [];
  try {
    for (const make of makers) created.push(await make());
    return created;
  } catch (error) {
    await Promise.allSettled(created.map(async (worker) => await discard(worker)));
    throw error;
  }
}

/** A worker can only be let go by running it. */
async function discard(worker: Worker): Promise<void> {
  const run = worker.run();
  worker.shutdown();
  await run;
}
