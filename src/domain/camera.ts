import { z } from 'zod';
import { GAP_CAUSES, type GapCause } from './coverage.js';
import { parseSessionId, type Redacted, type SessionId } from './ids.js';
import { type Instability, instabilitySchema } from './instability.js';
import { REFUSALS, type Refusal } from './refusals.js';
import { hasUserinfo } from './url-reading.js';

/**
 * Where the picture comes from. A `secret` is looked up on the recorder (file in `CAMERA_SECRETS_DIR`, or `CAMERA3_RTSP_URL` for `camera-3`):
 * the whole URL is the secret. A `url` is for cameras without a password; one with userinfo is refused (INV-7).
 */
export type CameraSource =
  | { readonly kind: 'secret'; readonly name: string }
  | { readonly kind: 'url'; readonly rtspUrl: string };

/** How a camera is recorded. */
export interface CameraSpec {
  readonly source: CameraSource;
  /** Divides a day, so that cuts fall on the clock. */
  readonly segmentDurationSec: number;
  readonly audio: 'aac' | 'off';
  /** No new video frame for so long means stalled. */
  readonly stallTimeoutMs: number;
  /** FFmpeg's own: connect and read. */
  readonly socketTimeoutMs: number;
  /** Only for `rtsps:`. FFmpeg's default differs by version, so it is always said. */
  readonly tlsVerify: boolean;
}

/** Whether both name the same camera account. */
export function isSameSource({ source: a }: CameraSpec, { source: b }: CameraSpec): boolean {
  if (a.kind === 'secret') return b.kind === 'secret' && a.name === b.name;
  return b.kind === 'url' && a.rtspUrl === b.rtspUrl;
}

/** Whether both say the same, whatever the order of their keys. */
export function isSameSpec(one: CameraSpec, other: CameraSpec): boolean {
  const others = new Map<string, unknown>(Object.entries(other));
  const isSameSetting = ([name, value]: readonly [string, unknown]): boolean => value === others.get(name);
  return (
    isSameSource(one, other) && Object.entries(one).every((entry) => entry[0] === 'source' || isSameSetting(entry))
  );
}

/**
 * FFmpeg's own timeout ends before a stall is declared: a dead connection is then told from a frozen picture. Cameras sign their own
 * certificates.
 */
export const DEFAULT_SPEC: Omit<CameraSpec, 'source'> = {
  segmentDurationSec: 900,
  audio: 'aac',
  stallTimeoutMs: 4_000,
  socketTimeoutMs: 2_500,
  tlsVerify: false,
};

/**
 * What the recorder knows of a camera: the one projection behind heartbeat, query, `/ready`, metrics and search attribute.
 * Plain JSON: it crosses Temporal.
 */
export type CameraCondition = {
  readonly sinceMs: number;
  /** It comes and goes: then what it does right now is not worth an alarm. Only while it is to be recorded. */
  readonly unstable?: Instability | undefined;
} & (
  | { readonly kind: 'paused' | 'connecting' }
  /** `cause`: why it is no longer recorded here; none where it never was. */
  | { readonly kind: 'unassigned'; readonly cause?: LeftCause | undefined }
  | { readonly kind: 'recording'; readonly session: SessionId; readonly lastFrameAtMs: number }
  | {
      readonly kind: 'down';
      readonly cause: GapCause;
      /** Of the cause `camera-refused`: in which way, when the recorder says. */
      readonly refusal?: Refusal | undefined;
      readonly retryAtMs: number;
      readonly detail: Redacted;
    }
);

const LEFT_CAUSES = ['removed', 'moved'] as const satisfies readonly GapCause[];
/** Why a recorder no longer has a camera. */
export type LeftCause = (typeof LEFT_CAUSES)[number];

/** `undefined` for every other cause. */
export function leftCauseOf(cause: GapCause | null): LeftCause | undefined {
  return LEFT_CAUSES.find((left) => left === cause);
}

/** Why a camera is no longer recorded, until somebody wants it again. All other causes are of a recording that goes on. */
export type LastingStop = 'cancelled' | 'paused' | 'moved';

/** Why a recording is stopped on purpose. */
export type StopCause = LastingStop | 'ffmpeg-died' | 'reconfigured' | 'shutdown';

const SECONDS_A_DAY = 86_400;

const sourceSchema = z.discriminatedUnion('kind', [
  z.strictObject({ kind: z.literal('secret'), name: z.string().regex(/^[A-Za-z0-9][A-Za-z0-9_.-]{0,126}$/) }),
  z.strictObject({
    kind: z.literal('url'),
    rtspUrl: z
      .string()
      .refine(isRtspUrl, 'must be an rtsp:// or rtsps:// URL')
      .refine((text) => !hasUserinfo(text), 'must not carry a user or password: name a secret instead'),
  }),
]);

/** Parses what a person gives; everything but `source` has a default. Unknown keys are refused. */
export const cameraSpecSchema = z.strictObject({
  source: sourceSchema,
  segmentDurationSec: z
    .number()
    .int()
    .min(2)
    .max(3_600)
    .refine((seconds) => SECONDS_A_DAY % seconds === 0, 'must divide a day (86400 s)')
    .default(DEFAULT_SPEC.segmentDurationSec),
  audio: z.enum(['aac', 'off']).default(DEFAULT_SPEC.audio),
  stallTimeoutMs: z.number().int().min(1_000).max(120_000).default(DEFAULT_SPEC.stallTimeoutMs),
  socketTimeoutMs: z.number().int().min(500).max(60_000).default(DEFAULT_SPEC.socketTimeoutMs),
  tlsVerify: z.boolean().default(DEFAULT_SPEC.tlsVerify),
}) satisfies z.ZodType<CameraSpec, unknown>;

/**
 * Of what came back through Temporal, perhaps from a newer recorder: an unknown `refusal` or cause of `unassigned` is dropped, an unknown
 * kind refused.
 */
const always = {
  sinceMs: z.number(),
  // Words of a newer recorder are left out, here and below.
  unstable: instabilitySchema.optional().catch(undefined),
};

export const cameraConditionSchema: z.ZodType<CameraCondition, unknown> = z.union([
  z.object({ ...always, kind: z.enum(['paused', 'connecting']) }),
  z.object({ ...always, kind: z.literal('unassigned'), cause: z.enum(LEFT_CAUSES).optional().catch(undefined) }),
  z.object({
    ...always,
    kind: z.literal('recording'),
    session: z.string().transform(parseSessionId),
    lastFrameAtMs: z.number(),
  }),
  z.object({
    ...always,
    kind: z.literal('down'),
    cause: z.enum(GAP_CAUSES),
    // One that only a newer recorder knows is told by its cause alone.
    refusal: z.enum(REFUSALS).optional().catch(undefined),
    retryAtMs: z.number(),
    detail: z.string().transform((text) => text as Redacted),
  }),
]);

function isRtspUrl(text: string): boolean {
  return /^rtsps?:\/\/[^\s]+$/i.test(text);
}
