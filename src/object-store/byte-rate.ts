/**
 * The rate that all uploads of a process share.
 * 1. Who asks first goes first, part by part, so no upload keeps another from moving.
 * 2. On the average no more bytes go out than it says; one part goes as fast as the line is, and the next one waits for it.
 * 3. Who is aborted while waiting is out of the line at once, and has taken nothing from those who ask later.
 */
import type { Clock } from '../clock.js';

/** Bytes a second, of parts only: other requests are small. */
export class ByteRate {
  readonly #bytesPerSecond: number;
  readonly #clock: Clock;
  /** Monotonic ms: until then all that was asked for has its time. */
  #takenUntilMs = 0;

  constructor(bytesPerSecond: number, clock: Clock) {
    if (!(bytesPerSecond > 0)) throw new RangeError(`at ${bytesPerSecond} bytes a second nothing is ever sent`);
    this.#bytesPerSecond = bytesPerSecond;
    this.#clock = clock;
  }

  /** Resolves when `sizeBytes` may go. Rejects with the signal's reason. */
  async take(sizeBytes: number, signal: AbortSignal): Promise<void> {
    signal.throwIfAborted();
    const nowMs = this.#clock.monotonicMs();
    const lastsMs = (sizeBytes * 1_000) / this.#bytesPerSecond;
    const fromMs = Math.max(nowMs, this.#takenUntilMs);
    this.#takenUntilMs = fromMs + lastsMs;
    if (fromMs <= nowMs) return;
    try {
      await this.#clock.sleep(fromMs - nowMs, signal);
    } catch (error) {
      this.#takenUntilMs -= lastsMs;
      throw signal.aborted ? signal.reason : error;
    }
  }
}
