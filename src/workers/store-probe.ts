import { boundedBy } from '../clock.js';
import type { Logger } from '../log.js';
import type { ObjectStore } from '../object-store/object-store.js';
import type { Link } from './link.js';
import { WORKER_POLICIES } from './policies.js';

/**
 * Asks the store whether it answers for our bucket, which is made if there is none. Reports to `link`, never rejects.
 * A store that answers, and is known to refuse uploads, is not reported as well.
 */
export function createStoreProbe(
  store: Pick<ObjectStore, 'ensureBucket'>,
  link: Link,
  log: Logger,
  isRefused: () => boolean,
): (signal: AbortSignal) => Promise<void> {
  return async (signal) => {
    const bounded = boundedBy(signal, WORKER_POLICIES.probeDeadlineMs);
    try {
      if ((await store.ensureBucket(bounded)) === 'created') log.info({}, 'bucket created');
      if (!isRefused()) link.up();
    } catch (error) {
      if (!signal.aborted) link.down(error);
    }
  };
}
