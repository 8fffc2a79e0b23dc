import type { ReadinessPolicy } from '../config/config.js';
import type { CameraCondition } from '../domain/camera.js';
import { type Declined, declineTexts } from '../domain/declines.js';
import { gapCauseTexts } from '../domain/gap-causes.js';
import type { CameraId } from '../domain/ids.js';
import { instabilityWords } from '../domain/instability.js';
import { durationWords } from '../domain/local-time.js';
import { troubleTextOf } from '../domain/refusals.js';

/** A blip shorter than this (a reconnect takes up to 8 s) leaves a camera ready. */
export const UNREADY_AFTER_MS = 20_000;
/** A camera that comes and goes is not ready before it has recorded for so long. */
export const READY_AFTER_MS = 5_000;
/** Configured cameras are waited for so long after the start; later, one that nothing here records is somebody else's. */
export const STARTUP_MS = 60_000;

/** A camera's answer, and since when the latest look has contradicted it (monotonic ms). */
interface CameraReadiness {
  readonly isReady: boolean;
  readonly contradictedSinceMs: number | null;
}

/** Begin with an empty map, and hand back what `observeReadiness` returned. */
export type ReadinessState = ReadonlyMap<CameraId, CameraReadiness>;

/**
 * One look at the cameras. Ready turns to unready, and back, only when every look over a while says so.
 * A camera seen for the first time is believed at once. Pure; `nowMs` is monotonic.
 */
export function observeReadiness(
  state: ReadinessState,
  conditions: ReadonlyMap<CameraId, CameraCondition>,
  nowMs: number,
): ReadinessState {
  return new Map(
    [...conditions].map(([camera, condition]) => [
      camera,
      next(state.get(camera), condition.kind === 'recording', nowMs),
    ]),
  );
}

function next(before: CameraReadiness | undefined, isRecording: boolean, nowMs: number): CameraReadiness {
  if (before === undefined || before.isReady === isRecording)
    return { isReady: isRecording, contradictedSinceMs: null };
  const since = before.contradictedSinceMs ?? nowMs;
  const patienceMs = before.isReady ? UNREADY_AFTER_MS : READY_AFTER_MS;
  return nowMs - since >= patienceMs
    ? { isReady: isRecording, contradictedSinceMs: null }
    : { isReady: before.isReady, contradictedSinceMs: since };
}

/** What `/ready` says. */
export interface ReadinessAnswer {
  readonly isReady: boolean;
  readonly policy: ReadinessPolicy;
  /** A sentence on the cameras, and what else a person should know. */
  readonly why: string;
  readonly cameras: readonly { readonly id: CameraId; readonly isReady: boolean; readonly state: string }[];
  /** Those that are not to be recorded here, and why not. */
  readonly notAsked: readonly { readonly id: CameraId; readonly state: string }[];
}

/** Paused cameras, and those without a recording here, are not asked of: that is what somebody wants. */
export function judgeReadiness(input: {
  readonly policy: ReadinessPolicy;
  readonly state: ReadinessState;
  readonly conditions: ReadonlyMap<CameraId, CameraCondition>;
  /** Asked for, and not taken here: nobody's readiness, but no secret either. */
  readonly declined: ReadonlyMap<CameraId, Declined>;
  /** Configured here. */
  readonly expected: readonly CameraId[];
  /** Monotonic, as for `observeReadiness`. */
  readonly nowMs: number;
  readonly upForMs: number;
  /** Sentences. */
  readonly notices: readonly string[];
}): ReadinessAnswer {
  const { policy, state, conditions } = input;
  const missing = input.upForMs < STARTUP_MS ? input.expected.filter((camera) => !conditions.has(camera)) : [];
  const asked = [...conditions].filter(([, condition]) => isAsked(condition));
  const notAsked = notAskedOf(conditions, input.declined);
  const cameras = [
    ...asked.map(([id, condition]) => {
      const readiness = state.get(id);
      return { id, isReady: readiness?.isReady === true, state: wordsOf(condition, readiness, input.nowMs) };
    }),
    ...missing.map((id) => ({ id, isReady: false, state: 'not started yet' })),
  ];
  const unready = cameras.filter((camera) => !camera.isReady);
  const isReady = policy === 'process' || unready.length === 0 || (policy === 'any' && unready.length < cameras.length);
  const why = [reasonOf(policy, cameras, awayOf(asked, state)), ...input.notices].join(' ');
  return { isReady, policy, why, cameras, notAsked };
}

function notAskedOf(
  conditions: ReadonlyMap<CameraId, CameraCondition>,
  declined: ReadonlyMap<CameraId, Declined>,
): ReadinessAnswer['notAsked'] {
  const ids = new Set([...conditions.keys(), ...declined.keys()]);
  return [...ids].flatMap((id) => {
    const condition = conditions.get(id);
    if (condition !== undefined && isAsked(condition)) return [];
    const why = declined.get(id)?.decline;
    if (why !== undefined) return [{ id, state: `not taken: ${withoutStop(declineTexts[why].what)}` }];
    return condition === undefined ? [] : [{ id, state: plainWordsOf(condition) }];
  });
}

function isAsked({ kind }: CameraCondition): boolean {
  return kind !== 'paused' && kind !== 'unassigned';
}

/** Those that are away for so short a while that they are still ready. */
function awayOf(
  asked: readonly (readonly [CameraId, CameraCondition])[],
  state: ReadinessState,
): ReadonlySet<CameraId> {
  const away = asked.filter(([id, { kind }]) => kind !== 'recording' && state.get(id)?.isReady === true);
  return new Set(away.map(([id]) => id));
}

function reasonOf(policy: ReadinessPolicy, cameras: ReadinessAnswer['cameras'], away: ReadonlySet<CameraId>): string {
  const count = cameras.length;
  if (count === 0) return 'No camera is to be recorded here.';
  const unready = cameras.filter(({ isReady }) => !isReady);
  const ready = `${count - unready.length} of ${count === 1 ? '1 camera is' : `${count} cameras are`} ready`;
  const others = unready.map(({ id, state }) => `${id}: ${state}`).join('; ');
  const blips = cameras.filter(({ id }) => away.has(id)).map(({ id, state }) => `; ${id} is ${state}`);
  const suffix = policy === 'process' ? ' The policy "process" asks only that this process runs.' : '';
  return `${ready}${others === '' ? '' : ` (${others})`}${blips.join('')}.${suffix}`;
}

function wordsOf(condition: CameraCondition, readiness: CameraReadiness | undefined, nowMs: number): string {
  const { unstable } = condition;
  const prefix = unstable === undefined ? '' : `unstable (${instabilityWords(unstable)}), `;
  const words = `${prefix}${plainWordsOf(condition)}`;
  const since = readiness?.contradictedSinceMs ?? null;
  if (since === null) return words;
  const forWords = durationWords(nowMs - since);
  return readiness?.isReady === true ? `away for ${forWords}: ${words}` : `not ready yet, recording for ${forWords}`;
}

function plainWordsOf(condition: CameraCondition): string {
  switch (condition.kind) {
    case 'down':
      return withoutStop(troubleTextOf(condition).what);
    case 'unassigned':
      return condition.cause === undefined ? 'not recorded here' : withoutStop(gapCauseTexts[condition.cause].what);
    default:
      return condition.kind;
  }
}

function withoutStop(sentence: string): string {
  return sentence.replace(/\.$/, '');
}
