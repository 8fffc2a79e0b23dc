/** Messages are taken one after another: one that is put in while another is taken waits for its turn. */
export class Mailbox<Message> {
  readonly #take: (message: Message) => void;
  readonly #emptied: () => void;
  readonly #messages: Message[] = [];
  readonly #waiters = new Set<() => void>();
  #isTaking = false;

  /** @param emptied called each time that all messages were taken */
  constructor(take: (message: Message) => void, emptied: () => void) {
    this.#take = take;
    this.#emptied = emptied;
  }

  /** Returns when all are taken; at once when called by what takes one. Throws what that throws; the rest stays for the next call. */
  put(message: Message): void {
    this.#messages.push(message);
    if (this.#isTaking) return;
    this.#isTaking = true;
    try {
      for (let next = this.#messages.shift(); next !== undefined; next = this.#messages.shift()) this.#take(next);
    } finally {
      this.#isTaking = false;
    }
    this.#emptied();
    for (const resolve of this.#waiters) resolve();
    this.#waiters.clear();
  }

  /** Resolves the next time that all were taken; not sooner when there are none now. */
  async untilEmptied(): Promise<void> {
    await new Promise<void>((resolve) => this.#waiters.add(resolve));
  }
}
