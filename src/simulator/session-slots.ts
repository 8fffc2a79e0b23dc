/**
 * The sessions a camera has room for. A client that vanishes without TEARDOWN keeps its slot until the session times out: what makes a
 * recorder that was killed wait for its own ghost.
 */
export class SessionSlots {
  readonly #limit: number;
  readonly #timeoutMs: number;
  readonly #lastHeardMs = new Map<string, number>();

  constructor(options: { readonly limit: number; readonly timeoutMs: number }) {
    this.#limit = options.limit;
    this.#timeoutMs = options.timeoutMs;
  }

  get taken(): number {
    return this.#lastHeardMs.size;
  }

  /** False when there is no room. */
  take(session: string, nowMs: number): boolean {
    this.expire(nowMs);
    if (this.taken >= this.#limit) return false;
    this.#lastHeardMs.set(session, nowMs);
    return true;
  }

  /** The client was heard of. */
  renew(session: string, nowMs: number): void {
    if (this.#lastHeardMs.has(session)) this.#lastHeardMs.set(session, nowMs);
  }

  holds(session: string): boolean {
    return this.#lastHeardMs.has(session);
  }

  release(session: string): void {
    this.#lastHeardMs.delete(session);
  }

  /** Frees the slots of sessions that were silent for too long. */
  expire(nowMs: number): void {
    for (const [session, heardMs] of this.#lastHeardMs) {
      if (nowMs - heardMs >= this.#timeoutMs) this.#lastHeardMs.delete(session);
    }
  }
}
