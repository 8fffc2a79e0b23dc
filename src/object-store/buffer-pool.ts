/**
 * The memory that all uploads of a process share: whoever wants to send a part waits for a buffer (backpressure).
 * 1. Never more than `maxBuffers` are out.
 * 2. Who waits longest is served first; who aborts while waiting leaves the line.
 * 3. When nobody holds a buffer, none is kept: between uploads the pool costs nothing.
 */
export interface BufferPool {
  /** A buffer of exactly `sizeBytes`, its content undefined. Rejects with the signal's reason. */
  acquire(sizeBytes: number, signal: AbortSignal): Promise<PooledBuffer>;
}

interface PooledBuffer {
  readonly bytes: Uint8Array;
  /** Hands it back; a second call does nothing. */
  release(): void;
}

/** @param maxBuffers two uploads with four parts in flight each need eight. */
export function createBufferPool(maxBuffers: number): BufferPool {
  return new Pool(maxBuffers);
}

class Pool implements BufferPool {
  readonly #maxBuffers: number;
  readonly #idle: Uint8Array[] = [];
  readonly #waiting = new Set<() => void>();
  #out = 0;

  constructor(maxBuffers: number) {
    if (!(maxBuffers >= 1)) throw new RangeError(`a pool of ${maxBuffers} buffers serves nobody`);
    this.#maxBuffers = maxBuffers;
  }

  async acquire(sizeBytes: number, signal: AbortSignal): Promise<PooledBuffer> {
    signal.throwIfAborted();
    if (this.#out < this.#maxBuffers) this.#out++;
    else await this.#turn(signal);
    return this.#lend(sizeBytes);
  }

  /** Resolves when another one hands its place over, so `#out` stays as it is. */
  async #turn(signal: AbortSignal): Promise<void> {
    await new Promise<void>((resolve, reject) => {
      const leave = (): void => {
        this.#waiting.delete(serve);
        reject(signal.reason);
      };
      const serve = (): void => {
        signal.removeEventListener('abort', leave);
        resolve();
      };
      this.#waiting.add(serve);
      signal.addEventListener('abort', leave, { once: true });
    });
  }

  #lend(sizeBytes: number): PooledBuffer {
    const kept = this.#idle.pop();
    const whole = kept !== undefined && kept.length >= sizeBytes ? kept : Buffer.allocUnsafeSlow(sizeBytes);
    let isOut = true;
    return {
      bytes: whole.subarray(0, sizeBytes),
      release: () => {
        if (isOut) this.#takeBack(whole);
        isOut = false;
      },
    };
  }

  #takeBack(buffer: Uint8Array): void {
    this.#idle.push(buffer);
    const [next] = this.#waiting;
    if (next !== undefined) {
      this.#waiting.delete(next);
      next();
      return;
    }
    this.#out--;
    if (this.#out === 0) this.#idle.length = 0;
  }
}
