import type { CameraCondition, LastingStop } from '../domain/camera.js';
import type { CameraSupervisor } from './camera-supervisor.js';
import type { Attachment } from './recorder.js';

/** One holder of a camera; the next one supersedes it, and its end then stops nothing (INV-5). */
export class CurrentAttachment implements Attachment {
  readonly #supervisor: CameraSupervisor;
  readonly #superseded = new AbortController();
  readonly #left: () => void;

  /** @param left told when it is detached or stopped, not when it is superseded */
  constructor(supervisor: CameraSupervisor, left: () => void) {
    this.#supervisor = supervisor;
    this.#left = left;
  }

  get superseded(): AbortSignal {
    return this.#superseded.signal;
  }

  supersede(): void {
    this.#superseded.abort();
  }

  condition(): CameraCondition {
    return this.#supervisor.condition();
  }

  detach(): void {
    if (!this.#superseded.signal.aborted) this.#left();
  }

  restart(): void {
    if (!this.#superseded.signal.aborted) this.#supervisor.restart();
  }

  async stop(cause: LastingStop): Promise<{ readonly lastEndedAtMs: number | null }> {
    if (this.#superseded.signal.aborted) return { lastEndedAtMs: this.#supervisor.lastEndedAtMs };
    const stopped = await this.#supervisor.stop(cause);
    this.detach();
    return stopped;
  }
}
