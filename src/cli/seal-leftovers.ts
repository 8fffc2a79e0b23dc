import { systemClock } from '../clock.js';
import type { KeeperClient } from '../keeper/keeper-client.js';
import type { Logger } from '../log.js';
import { createRecorder } from '../recorder/create-recorder.js';
import type { Assignment, AssignmentStore, Spool } from '../spool/spool.js';

/**
 * Seals what a recorder that is gone was still recording, and records nothing. Whoever calls it has the spool's lock. What each camera is
 * wanted to do stays as it is noted, for the recorder that may come back. Bounded; what cannot be sealed stays where it is.
 */
export async function sealLeftovers(
  spool: Spool,
  options: { readonly ffmpegPath: string; readonly log: Logger },
): Promise<void> {
  const recorder = createRecorder({
    ...options,
    spool: { ...methodsOf(spool), assignments: recordingNothing(spool.assignments) },
    keeper: NO_KEEPER,
    resolveUrl: async () => undefined,
    clock: systemClock,
    random: Math.random,
  });
  await recorder.start();
  await recorder.close('stop');
}

/** As if nobody wanted any camera to be recorded; what is saved keeps what was wanted. */
function recordingNothing(store: AssignmentStore): AssignmentStore {
  const stopped = (assignment: Assignment): Assignment => ({ ...assignment, desired: 'stop' });
  return {
    list: async () => (await store.list()).map(stopped),
    find: async (camera) => {
      const found = await store.find(camera);
      return found === undefined ? undefined : stopped(found);
    },
    save: async (assignment) => {
      const before = await store.find(assignment.camera);
      if (before === undefined) return;
      const { desired, stopCause, taskToken } = before;
      await store.save({ ...assignment, desired, stopCause, taskToken });
    },
  };
}

/** Its methods are of a class, which a spread would leave behind. */
function methodsOf(spool: Spool): Omit<Spool, 'assignments'> {
  return {
    recorder: spool.recorder,
    layout: spool.layout,
    list: () => spool.list(),
    find: (id) => spool.find(id),
    read: (id) => spool.read(id),
    seal: (request) => spool.seal(request),
    recordCheckpoint: (id, checkpoint) => spool.recordCheckpoint(id, checkpoint),
    recordReceipt: (id, receipt) => spool.recordReceipt(id, receipt),
    recordDamage: (id, key) => spool.recordDamage(id, key),
    damagedKeys: (id) => spool.damagedKeys(id),
    reclaim: (proof) => spool.reclaim(proof),
    quarantine: (path, reason) => spool.quarantine(path, reason),
    usage: () => spool.usage(),
    releaseReserve: () => spool.releaseReserve(),
    restoreReserve: () => spool.restoreReserve(),
  };
}

/** Nothing runs any more, and nothing is started. */
const NO_KEEPER: KeeperClient = {
  spawn: async () => {
    throw new Error('nothing is recorded here');
  },
  signal: async () => false,
  list: async () => [],
  onExited: () => undefined,
  onLeave: () => undefined,
  supervision: () => null,
  ready: () => undefined,
  disconnected: new AbortController().signal,
  close: () => undefined,
};
