import type { CameraCondition, LeftCause } from '../domain/camera.js';
import { type Declined, declineTexts } from '../domain/declines.js';
import { gapCauseTexts } from '../domain/gap-causes.js';
import type { CameraId } from '../domain/ids.js';
import { instabilityWords, UNSTABLE_TODO } from '../domain/instability.js';
import type { LocalTime } from '../domain/local-time.js';
import { troubleTextOf } from '../domain/refusals.js';
import type { CameraStatistics } from '../recorder/recorder.js';
import type { WorkerStatus } from '../workers/worker-status.js';

/**
 * How loud a row is: `good`, `unstable` (comes and goes: no alarm each time), `waiting` (heals by itself, usually soon), `bad` (somebody
 * should look), `off` (wanted so).
 */
export const CAMERA_LEVELS = ['good', 'unstable', 'waiting', 'bad', 'off'] as const;
export type CameraLevel = (typeof CAMERA_LEVELS)[number];

/** A camera that is unstable may be away for so long without being called down. */
const UNSTABLE_FOR_MS = 20_000;

/** Texts are for people and may change; programs read metrics. */
export interface CameraWords {
  readonly level: CameraLevel;
  readonly state: string;
  /** What a person can do about it. */
  readonly todo: string | null;
}

/** What the words are made of. */
export interface WordsInput {
  readonly nowMs: number;
  readonly time: LocalTime;
  readonly statistics: ReadonlyMap<CameraId, CameraStatistics>;
  readonly worker: WorkerStatus;
  /** Set when recording has ended because there is room for no more, by the limit of a trial: why, and what to do. */
  readonly limitNotice: string | null;
}

/** What a camera does, in a sentence or two. Pure. */
export function cameraWords(id: CameraId, condition: CameraCondition, input: WordsInput): CameraWords {
  const words = doingWords(id, condition, input);
  const { unstable } = condition;
  if (unstable === undefined) return words;
  const since = input.time.moment(unstable.sinceMs, input.nowMs);
  const head = `unstable since ${since}: ${instabilityWords(unstable)}`;
  const isAway = condition.kind !== 'recording' && input.nowMs - condition.sinceMs >= UNSTABLE_FOR_MS;
  return isAway
    ? { ...words, state: `${words.state}; ${head}` }
    : { level: 'unstable', state: `${head}; ${words.state}`, todo: UNSTABLE_TODO };
}

function doingWords(id: CameraId, condition: CameraCondition, input: WordsInput): CameraWords {
  const since = input.time.moment(condition.sinceMs, input.nowMs);
  switch (condition.kind) {
    case 'recording':
      return { level: 'good', state: recordingWords(id, since, input), todo: null };
    case 'connecting':
      return { level: 'waiting', state: `connecting since ${since}${lastWords(id, input)}`, todo: null };
    case 'paused':
      return (
        declinedWords(id, input) ?? {
          level: 'off',
          state: `paused since ${since}${lastWords(id, input)}`,
          todo: gapCauseTexts.paused.todo,
        }
      );
    case 'unassigned':
      return declinedWords(id, input) ?? unassignedWords(id, condition.cause, input);
    case 'down':
      return downWords(id, condition, input);
    default:
      return unknownCondition(condition);
  }
}

/** End of the last footage known here; null when there is none. */
export function lastFootageAtMs(id: CameraId, { worker, statistics }: WordsInput): number | null {
  const ends = [worker.uploads.get(id)?.lastStored, statistics.get(id)?.lastSealed].flatMap((range) =>
    range ? [range.toMs] : [],
  );
  return ends.length === 0 ? null : Math.max(...ends);
}

function downWords(
  id: CameraId,
  condition: Extract<CameraCondition, { readonly kind: 'down' }>,
  input: WordsInput,
): CameraWords {
  const { time, nowMs } = input;
  const since = time.moment(condition.sinceMs, nowMs);
  if (input.limitNotice !== null && condition.cause === 'disk-full') {
    return { level: 'bad', state: `stopped since ${since}: the limit is reached${lastWords(id, input)}`, todo: null };
  }
  const { what, todo } = troubleTextOf(condition);
  const retry =
    condition.retryAtMs > nowMs
      ? `It is tried again at ${time.moment(condition.retryAtMs, nowMs)}.`
      : 'It is tried again now.';
  return { level: 'bad', state: `down since ${since}: ${what} ${retry}${lastSentence(id, input)}`, todo };
}

/** Null when the camera is not asked for, or was taken. */
function declinedWords(id: CameraId, input: WordsInput): CameraWords | null {
  const declined: Declined | undefined = input.worker.declined.get(id);
  if (declined === undefined) return null;
  const { what, todo } = declineTexts[declined.decline];
  const since = input.time.moment(declined.sinceMs, input.nowMs);
  const state = `not taken since ${since}: ${what} It is asked for again and again.${lastSentence(id, input)}`;
  return { level: 'bad', state, todo };
}

function unassignedWords(id: CameraId, cause: LeftCause | undefined, input: WordsInput): CameraWords {
  if (cause === undefined) return { level: 'off', state: `not recorded here${lastWords(id, input)}`, todo: null };
  const { what, todo } = gapCauseTexts[cause];
  return { level: 'off', state: `not recorded here: ${what}${lastSentence(id, input)}`, todo };
}

function unknownCondition(condition: never): never {
  throw new Error(`unknown condition ${JSON.stringify(condition)}`);
}

function recordingWords(id: CameraId, since: string, input: WordsInput): string {
  const sealsAtMs = input.statistics.get(id)?.openSegment?.sealsAtMs;
  // A moment that has passed tells nobody anything: the segment is about to be sealed.
  const seals =
    sealsAtMs === undefined || sealsAtMs <= input.nowMs
      ? ''
      : `, segment seals at ${input.time.moment(sealsAtMs, input.nowMs)}`;
  return `recording since ${since}${seals}${lastWords(id, input)}`;
}

function lastWords(id: CameraId, input: WordsInput): string {
  const last = lastOf(id, input);
  return last === null ? '' : `, last ${last}`;
}

function lastSentence(id: CameraId, input: WordsInput): string {
  const last = lastOf(id, input);
  return last === null ? '' : ` Last ${last}.`;
}

function lastOf(id: CameraId, { time, nowMs, worker, statistics }: WordsInput): string | null {
  const stored = worker.uploads.get(id)?.lastStored;
  if (stored) return `stored ${time.range(stored.fromMs, stored.toMs, nowMs)}`;
  const sealed = statistics.get(id)?.lastSealed;
  return sealed ? `sealed ${time.range(sealed.fromMs, sealed.toMs, nowMs)} (not stored yet)` : null;
}
