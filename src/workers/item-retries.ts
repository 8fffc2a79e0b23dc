import type { Clock } from '../clock.js';
import type { Logger } from '../log.js';
import { errorText } from './error-text.js';
import { backOffMs } from './loop.js';

interface ItemRetriesOptions {
  /** Of the loop. */
  readonly name: string;
  readonly everyMs: number;
  readonly clock: Clock;
  readonly log: Logger;
  /** Told of every failure, to count it. */
  readonly failed: () => void;
}

/** One item of a loop's pass that keeps failing is tried ever more seldom, and slows nothing but itself. */
export class ItemRetries<Id extends string> {
  readonly #options: ItemRetriesOptions;
  /** Times are monotonic. */
  readonly #waiting = new Map<Id, { readonly tries: number; readonly notBeforeMs: number; readonly sinceMs: number }>();

  constructor(options: ItemRetriesOptions) {
    this.#options = options;
  }

  isDue(id: Id): boolean {
    const waiting = this.#waiting.get(id);
    return waiting === undefined || this.#options.clock.monotonicMs() >= waiting.notBeforeMs;
  }

  /** Failures in a row, and the monotonic ms of the first of them. */
  failuresOf(id: Id): { readonly tries: number; readonly sinceMs: number } | undefined {
    return this.#waiting.get(id);
  }

  succeeded(id: Id): void {
    this.#waiting.delete(id);
  }

  /** All are due: what they failed of is over. */
  clear(): void {
    this.#waiting.clear();
  }

  /** Loud the first time only. */
  failed(id: Id, error: unknown): void {
    const { name, everyMs, clock, log } = this.#options;
    const nowMs = clock.monotonicMs();
    const before = this.#waiting.get(id);
    const tries = (before?.tries ?? 0) + 1;
    this.#waiting.set(id, { tries, notBeforeMs: nowMs + backOffMs(everyMs, tries), sinceMs: before?.sinceMs ?? nowMs });
    const fields = { loop: name, item: id, error: errorText(error) };
    if (tries === 1) log.warn(fields, 'one item of a loop failed; the others go on, and it is tried again');
    else log.debug({ ...fields, tries }, 'the item failed again');
    this.#options.failed();
  }
}
