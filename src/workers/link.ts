import type { Clock } from '../clock.js';
import type { Logger } from '../log.js';
import { errorText } from './error-text.js';
import { outageWords } from './outage-words.js';
import type { LinkStatus } from './worker-status.js';

/** Whether something we depend on answers. Only the change is logged, once each way. */
export interface Link {
  status(): LinkStatus;
  /** True when it was down before. */
  up(): boolean;
  down(error: unknown): void;
}

/** Not reachable to begin with, and without a `detail`: the first answer or failure is logged as a change. */
export function createLink(name: 'temporal' | 'store', clock: Clock, log: Logger): Link {
  let status: LinkStatus = { isReachable: false, sinceMs: clock.wallMs(), detail: null };
  return {
    status: () => status,
    up: () => {
      if (status.isReachable) return false;
      status = { isReachable: true, sinceMs: clock.wallMs(), detail: null };
      log.info({}, `${name} answers`);
      return true;
    },
    down: (error) => {
      const detail = outageWords(error);
      if (!status.isReachable && status.detail !== null) {
        status = { ...status, detail };
        return;
      }
      const sinceMs = status.isReachable ? clock.wallMs() : status.sinceMs;
      status = { isReachable: false, sinceMs, detail };
      log.warn({ error: errorText(error) }, `${name} does not answer; it is asked again until it does`);
    },
  };
}
