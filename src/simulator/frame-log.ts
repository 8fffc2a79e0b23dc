import type { TimeRange } from '../domain/time-range.js';

/** One frame the camera made. */
export interface ProducedFrame {
  readonly counter: number;
  /** By the camera's clock, UTC. It is also the send time in the frame's stamp. */
  readonly atMs: number;
  /** How many clients it was sent to. */
  readonly clients: number;
}

/** A day at 15 fps; older frames are forgotten. */
const DEFAULT_LIMIT = 1_300_000;

/** What the camera produced, in order of time: the truth that recordings are counted against. */
export class FrameLog {
  readonly #limit: number;
  #frames: { counter: number; atMs: number; clients: number }[] = [];

  constructor(limit = DEFAULT_LIMIT) {
    this.#limit = limit;
  }

  add(frame: { readonly counter: number; readonly atMs: number }): void {
    this.#frames.push({ ...frame, clients: 0 });
    if (this.#frames.length > this.#limit * 1.1) this.#frames = this.#frames.slice(-this.#limit);
  }

  /** One of the latest frames was written to one more client. */
  countSent(counter: number): void {
    const frame = this.#frames.findLast((candidate) => candidate.counter <= counter);
    if (frame?.counter === counter) frame.clients += 1;
  }

  between(range: TimeRange): readonly ProducedFrame[] {
    return this.#frames.slice(this.#firstFrom(range.fromMs), this.#firstFrom(range.toMs));
  }

  /** Frames that at least one client was sent. */
  get sent(): number {
    return this.#frames.filter((frame) => frame.clients > 0).length;
  }

  get last(): ProducedFrame | undefined {
    return this.#frames.at(-1);
  }

  #firstFrom(atMs: number): number {
    let low = 0;
    let high = this.#frames.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if ((this.#frames[middle]?.atMs ?? 0) < atMs) low = middle + 1;
      else high = middle;
    }
    return low;
  }
}
