/**
 * When which frame is due. Frames are numbered from the UTC epoch (`floor(utc * fps)`), so that numbers go on across restarts of a camera
 * and a frame's place in a loop of whole minutes is its second of the minute.
 */
export class CameraClock {
  readonly nominalFps: number;
  readonly firstCounter: number;
  #anchorMs: number;
  #anchorCounter: number;
  #shippedFps: number;
  #next: number;

  constructor(nominalFps: number, startMs: number) {
    this.nominalFps = nominalFps;
    this.firstCounter = Math.ceil((startMs * nominalFps) / 1_000);
    this.#anchorMs = (this.firstCounter * 1_000) / nominalFps;
    this.#anchorCounter = this.firstCounter;
    this.#shippedFps = nominalFps;
    this.#next = this.firstCounter;
  }

  /** UTC ms at which the next frame is to be made. */
  get nextDueMs(): number {
    return this.#anchorMs + ((this.#next - this.#anchorCounter) * 1_000) / this.#shippedFps;
  }

  /** The number of the frame that is due, and when it was; null when it is not time yet. */
  take(nowMs: number): { readonly counter: number; readonly atMs: number } | null {
    const atMs = this.nextDueMs;
    if (atMs > nowMs) return null;
    const counter = this.#next;
    this.#next += 1;
    return { counter, atMs };
  }

  /** From the next frame on; it stays due when it was. */
  ship(fps: number): void {
    if (fps === this.#shippedFps) return;
    this.#anchorMs = this.nextDueMs;
    this.#anchorCounter = this.#next;
    this.#shippedFps = fps;
  }

  /** After the process was stopped for long: a camera that was off makes no frames up. */
  skipTo(nowMs: number): void {
    const missed = Math.floor(((nowMs - this.nextDueMs) * this.#shippedFps) / 1_000);
    if (missed > 0) this.#next += missed;
  }

  /** Ticks of a 90 kHz clock for a frame, by the nominal rate whatever is shipped. */
  videoTicks(counter: number): number {
    return Math.round(((counter - this.firstCounter) * 90_000) / this.nominalFps);
  }
}
