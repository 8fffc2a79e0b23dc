/**
 * Which of the attempts that wait here is sent next. Temporal hands them out as they become due, which after an outage is in no order.
 * 1. Never more than `atOnce` are sent.
 * 2. The camera with the fewest under way is next, of several the one whose turn was longest ago: a long backlog keeps no other waiting.
 * 3. Of one camera the oldest is next.
 * 4. Who is aborted while waiting leaves the line.
 */
import { type CameraId, partsOf, type SegmentId } from '../domain/ids.js';

interface Waiting {
  readonly segment: SegmentId;
  readonly camera: CameraId;
  readonly begin: () => void;
}

/** One for the life of a worker. */
export class UploadOrder {
  readonly #atOnce: number;
  readonly #waiting = new Set<Waiting>();
  readonly #underWay = new Map<CameraId, number>();
  /** Which turn, counted from the first, was the camera's last. */
  readonly #lastTurn = new Map<CameraId, number>();
  #turns = 0;
  #sending = 0;

  constructor(atOnce: number) {
    this.#atOnce = atOnce;
  }

  /** `act` begins when it is this segment's turn. Rejects with the signal's reason when aborted before that. */
  async take<T>(segment: SegmentId, signal: AbortSignal, act: () => Promise<T>): Promise<T> {
    signal.throwIfAborted();
    const { camera } = partsOf(segment);
    await this.#turnOf(segment, camera, signal);
    try {
      return await act();
    } finally {
      this.#sending -= 1;
      this.#underWay.set(camera, (this.#underWay.get(camera) ?? 1) - 1);
      this.#beginNext();
    }
  }

  async #turnOf(segment: SegmentId, camera: CameraId, signal: AbortSignal): Promise<void> {
    await new Promise<void>((resolve, reject) => {
      const leave = (): void => {
        this.#waiting.delete(waiting);
        reject(signal.reason);
      };
      const begin = (): void => {
        signal.removeEventListener('abort', leave);
        resolve();
      };
      const waiting = { segment, camera, begin };
      this.#waiting.add(waiting);
      signal.addEventListener('abort', leave, { once: true });
      this.#beginNext();
    });
  }

  #beginNext(): void {
    while (this.#sending < this.#atOnce) {
      const next = [...this.#waiting].reduce<Waiting | undefined>(
        (first, other) => (first === undefined || this.#isBefore(other, first) ? other : first),
        undefined,
      );
      if (next === undefined) return;
      this.#waiting.delete(next);
      this.#sending += 1;
      this.#underWay.set(next.camera, this.#underWayOf(next.camera) + 1);
      this.#lastTurn.set(next.camera, ++this.#turns);
      next.begin();
    }
  }

  /** Ids of one camera's segments sort by time. */
  #isBefore(one: Waiting, other: Waiting): boolean {
    if (one.camera === other.camera) return one.segment < other.segment;
    const fewer = this.#underWayOf(one.camera) - this.#underWayOf(other.camera);
    return fewer !== 0 ? fewer < 0 : (this.#lastTurn.get(one.camera) ?? 0) < (this.#lastTurn.get(other.camera) ?? 0);
  }

  #underWayOf(camera: CameraId): number {
    return this.#underWay.get(camera) ?? 0;
  }
}
