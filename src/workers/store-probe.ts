import { boundedBy } from '../clock.js';
import type { Logger } from '../log.js';
import type { ObjectStore } from '../object-store/object-store.js';
import type { Link } from './link.js';

const PROBE_DEADLINE_MS = 10_000;

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
    const bounded = boundedBy(signal, PROBE_DEADLINE_MS);
    try {
      if ((await store.ensureBucket(bounded)) === 'created') log.info({}, 'bucket created');
      if (!isRefused()) link.up();
    } catch (error) {
      if (!signal.aborted) link.down(error);
    }
  };
}
