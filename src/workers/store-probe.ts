import { parseObjectKey } from '../domain/ids.js';
import type { Logger } from '../log.js';
import type { ObjectStore } from '../object-store/object-store.js';
import type { Link } from './link.js';

const PROBE_KEY = parseObjectKey('camera-recorder-probe');
const PROBE_DEADLINE_MS = 10_000;

/** Asks the store whether it answers; the first time it answers, the bucket is made if there is none. Reports to `link`, never rejects. */
export function createStoreProbe(
  store: Pick<ObjectStore, 'head' | 'ensureBucket'>,
  link: Link,
  log: Logger,
): (signal: AbortSignal) => Promise<void> {
  let isBucketThere = false;
  return async (signal) => {
    const bounded = AbortSignal.any([signal, AbortSignal.timeout(PROBE_DEADLINE_MS)]);
    try {
      if (isBucketThere) await store.head(PROBE_KEY, bounded);
      else if ((await store.ensureBucket(bounded)) === 'created') log.info({}, 'bucket created');
      isBucketThere = true;
      link.up();
    } catch (error) {
      if (!signal.aborted) link.down(error);
    }
  };
}
