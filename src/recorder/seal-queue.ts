import type { Clock } from '../clock.js';
import { errnoOf, SpoolError } from '../spool/spool-error.js';
import type { RecorderPolicies } from './policies.js';
import { jobIdOf, type SealDeps, type SealJob, type SealResult, sealFile } from './sealer.js';

interface SealQueueDeps extends SealDeps {
  readonly clock: Clock;
  readonly policies: Pick<RecorderPolicies, 'sealRetryMs'>;
  /** Told in order, once a file. `lagMs`: from closed to sealed. */
  done(job: SealJob, result: SealResult, lagMs: number): void;
}

/** What is not the disk's fault is tried so often, and then put aside, so that it never blocks the next file. */
const MOST_TRIES = 3;

/** Closed files of one camera, sealed in order. A disk that refuses is asked again until it does not. */
export class SealQueue {
  readonly #deps: SealQueueDeps;
  readonly #abandoned = new AbortController();
  #last: Promise<void> = Promise.resolve();

  constructor(deps: SealQueueDeps) {
    this.#deps = deps;
  }

  add(job: SealJob): void {
    const closedAtMs = this.#deps.clock.monotonicMs();
    this.#last = this.#last.then(() => this.#seal(job, closedAtMs));
  }

  /** Resolves when all that was added is sealed, or abandoned. Never rejects. */
  async settled(): Promise<void> {
    await this.#last;
  }

  /** What is not sealed stays where it is, for the next start. */
  abandon(): void {
    this.#abandoned.abort();
  }

  async #seal(job: SealJob, closedAtMs: number): Promise<void> {
    const { clock, log, policies } = this.#deps;
    const { signal } = this.#abandoned;
    for (let tries = 1; !signal.aborted; tries += 1) {
      try {
        const result = await sealFile(job, this.#deps, signal);
        this.#deps.done(job, result, clock.monotonicMs() - closedAtMs);
        return;
      } catch (error) {
        if (signal.aborted) return;
        log.warn({ segment: jobIdOf(job), tries, err: error }, 'not sealed: trying again');
        if (tries >= MOST_TRIES && !isDisk(error) && (await this.#putAside(job, error))) return;
        await clock.sleep(policies.sealRetryMs, signal).catch(() => undefined);
      }
    }
  }

  async #putAside(job: SealJob, reason: unknown): Promise<boolean> {
    const { spool, log, done } = this.#deps;
    try {
      // A file that is gone cannot be moved either, and needs no place.
      if (errnoOf(reason) !== 'ENOENT') await spool.quarantine(job.file.path, String(reason));
      done(job, { kind: 'quarantined' }, 0);
      return true;
    } catch (error) {
      log.warn({ segment: jobIdOf(job), err: error }, 'not quarantined: trying to seal again');
      return false;
    }
  }
}

function isDisk(error: unknown): boolean {
  if (error instanceof SpoolError) return error.code === 'no-space' || error.code === 'spool-failing';
  const errno = errnoOf(error);
  return errno?.startsWith('E') === true && errno !== 'ENOENT';
}
