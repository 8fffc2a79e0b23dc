import { once } from 'node:events';
import { boundedBy } from '../clock.js';
import type { SegmentId } from '../domain/ids.js';

/**
 * Lets attempts at the same segment follow each other in this process. Temporal may begin one while the one before, which it has given up,
 * has not heard so yet: side by side both would send the same parts. The next finds the receipt or the checkpoint the one before left.
 */
export class UploadTurns {
  readonly #patienceMs: number;
  readonly #last = new Map<SegmentId, Promise<unknown>>();

  /** How long one attempt waits for another; one that is wedged holds up nobody for longer (INV-6 allows both). */
  constructor(patienceMs: number) {
    this.#patienceMs = patienceMs;
  }

  /** `act` begins when the attempt before has ended, however. Rejects with the signal's reason when aborted before that. */
  async take<T>(segment: SegmentId, signal: AbortSignal, act: () => Promise<T>): Promise<T> {
    const before = this.#last.get(segment);
    const turn = before === undefined ? act() : this.#endOf(before, signal).then(act);
    const ended = turn.catch(() => undefined);
    this.#last.set(segment, ended);
    try {
      return await turn;
    } finally {
      if (this.#last.get(segment) === ended) this.#last.delete(segment);
    }
  }

  async #endOf(before: Promise<unknown>, signal: AbortSignal): Promise<void> {
    const over = new AbortController();
    const tooLate = once(boundedBy(signal, this.#patienceMs), 'abort', { signal: over.signal }).catch(() => undefined);
    await Promise.race([before, tooLate]);
    over.abort();
    signal.throwIfAborted();
  }
}
