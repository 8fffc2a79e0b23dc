import type { GapCause } from './coverage.js';
import { type GapCauseText, gapCauseTexts } from './gap-causes.js';

/**
 * Why a camera that may well answer gives no stream: one gap cause (`camera-refused`), but each needs something else done about it.
 * `no-url`: it could not even be asked.
 */
export const REFUSALS = ['unauthorized', 'not-found', 'too-many-sessions', 'unsupported', 'no-url'] as const;
/** In a condition only; claims and metrics know one cause for all of them. */
export type Refusal = (typeof REFUSALS)[number];

/** Takes the place of the cause's own text wherever the refusal is known. */
export const refusalTexts: Readonly<Record<Refusal, Omit<GapCauseText, 'owner'>>> = {
  unauthorized: {
    what: 'The camera refuses the user or the password.',
    todo: 'Check the camera account (user, password) in its secret. It is tried seldom, because wrong tries lock many cameras for half an hour.',
  },
  'not-found': {
    what: 'The camera has no stream at this path.',
    todo: 'Check the path at the end of its URL (Tapo: /stream1 or /stream2).',
  },
  'too-many-sessions': {
    what: 'The camera has as many viewers as it allows.',
    todo: 'Close other apps and recorders that watch it; many cameras allow two.',
  },
  unsupported: {
    what: 'The camera offers nothing that can be recorded.',
    todo: 'Set its video to H.264 or H.265, and allow RTSP over TCP.',
  },
  'no-url': {
    what: 'This recorder has no usable URL for the camera.',
    todo: 'Put its whole rtsp:// URL into the file of its secret in CAMERA_SECRETS_DIR, or into CAMERA<n>_RTSP_URL.',
  },
};

/** What to tell of a camera that is down: as exactly as it is known. */
export function troubleTextOf(down: {
  readonly cause: GapCause;
  readonly refusal?: Refusal | undefined;
}): Omit<GapCauseText, 'owner'> {
  return down.refusal === undefined ? gapCauseTexts[down.cause] : refusalTexts[down.refusal];
}

/** `undefined` for every other outcome of a session. */
export function refusalOf(outcome: string): Refusal | undefined {
  return REFUSALS.find((refusal) => refusal === outcome);
}
