import type { Clock } from '../clock.js';
import type { Logger } from '../log.js';
import { redact } from '../redact.js';
import type { LinkStatus } from './worker-status.js';

/** Whether something we depend on answers. Only the change is logged, once each way. */
export interface Link {
  status(): LinkStatus;
  up(): void;
  down(error: unknown): void;
}

export function createLink(name: 'temporal' | 'store', clock: Clock, log: Logger): Link {
  let status: LinkStatus = { isReachable: false, sinceMs: clock.wallMs(), detail: null };
  return {
    status: () => status,
    up: () => {
      if (status.isReachable) return;
      status = { isReachable: true, sinceMs: clock.wallMs(), detail: null };
      log.info({}, `${name} answers`);
    },
    down: (error) => {
      const detail = redact(error instanceof Error ? error.message : String(error));
      if (!status.isReachable && status.detail !== null) {
        status = { ...status, detail };
        return;
      }
      const sinceMs = status.isReachable ? clock.wallMs() : status.sinceMs;
      status = { isReachable: false, sinceMs, detail };
      log.warn({ error: detail }, `${name} does not answer; it is asked again until it does`);
    },
  };
}
