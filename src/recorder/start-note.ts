/**
 * When the media of a session begins, kept in its folder by those who see its first file grow. A power loss may leave a file that was
 * modified after its last bytes: those who come then could not tell from it.
 */
import type { Logger } from '../log.js';
import { noteMediaStart, readSessionFile } from '../spool/session-files.js';
import { errnoOf } from '../spool/spool-error.js';
import type { GrowingFile } from './growing-file.js';
import type { Session } from './supervisor-state.js';

export class StartNote {
  readonly #session: Pick<Session, 'id' | 'dir'>;
  readonly #log: Logger;
  #startMs: number | null;
  #isSure = false;

  private constructor(session: Pick<Session, 'id' | 'dir'>, log: Logger, startMs: number | null) {
    this.#session = session;
    this.#log = log;
    this.#startMs = startMs;
  }

  static async read(session: Pick<Session, 'id' | 'dir'>, log: Logger): Promise<StartNote> {
    return new StartNote(session, log, (await readSessionFile(session.dir))?.mediaStartMs ?? null);
  }

  /** UTC; null until it was noted. */
  get startMs(): number | null {
    return this.#startMs;
  }

  /**
   * Notes it when it is first seen, and once more when it is sure, if that is earlier. Never rejects: what cannot be noted is only missed after a
   * power loss.
   */
  async look(file: Pick<GrowingFile, 'index' | 'times'>, isSure: boolean): Promise<void> {
    const { earliestStartMs, steppedMs } = file.times;
    if (this.#isSure || file.index !== 0 || earliestStartMs === null) return;
    const startMs = Math.round(earliestStartMs + steppedMs);
    const isNews = this.#startMs === null || (isSure && startMs < this.#startMs);
    this.#isSure = isSure;
    if (!isNews) return;
    this.#startMs = startMs;
    try {
      await noteMediaStart(this.#session.dir, startMs);
    } catch (error) {
      this.#log.warn({ session: this.#session.id, errno: errnoOf(error) }, 'the start of a session not noted');
    }
  }
}
