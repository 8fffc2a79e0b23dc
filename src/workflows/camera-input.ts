import { z } from 'zod';
import { type CameraSpec, cameraSpecSchema, DEFAULT_SPEC } from '../domain/camera.js';
import { type CameraId, InvalidIdError, parseCameraId, parseRecorderId } from '../domain/ids.js';
import { hasUserinfo } from '../domain/url-reading.js';
import type { CameraInput } from './contract.js';

const firstInputSchema = z.strictObject({
  spec: cameraSpecSchema,
  recorder: z.string().refine(isRecorderId, 'must be the id of a recorder').optional(),
  timeScale: z.number().positive().max(1).optional(),
});

/** A sentence, shown in one line. */
const LONGEST_REASON = 200;
const pauseRequestSchema = z.strictObject({ reason: z.string().trim().min(1).max(LONGEST_REASON).optional() });

type ParsedInput =
  | { readonly kind: 'valid'; readonly camera: CameraId; readonly spec: CameraSpec }
  | { readonly kind: 'invalid'; readonly message: string };

/** A run that was continued is not checked again: a stricter rule of a newer version must not end a camera that records. */
export function parseCameraInput(workflowId: string, input: CameraInput, isContinued: boolean): ParsedInput {
  if (isContinued) {
    return { kind: 'valid', camera: parseCameraId(workflowId), spec: { ...DEFAULT_SPEC, ...input.spec } };
  }
  const id = parseId(workflowId);
  const parsed = firstInputSchema.safeParse(input ?? {});
  const mistakes = [...id.mistakes, ...(parsed.success ? [] : mistakesOf(parsed.error))];
  if (id.camera !== null && parsed.success) return { kind: 'valid', camera: id.camera, spec: parsed.data.spec };
  const advice = carriesPassword(input?.spec) ? passwordInHistory(workflowId) : exampleFor(workflowId);
  return { kind: 'invalid', message: `${mistakes.join('; ')}. ${advice}` };
}

type ParsedSpec =
  | { readonly kind: 'valid'; readonly spec: CameraSpec }
  | { readonly kind: 'invalid'; readonly message: string };

/** `change` may hold any part of a spec; the rest is taken from `current`. */
export function parseSpecChange(camera: CameraId, current: CameraSpec, change: unknown): ParsedSpec {
  if (change === null || typeof change !== 'object' || Array.isArray(change)) {
    return { kind: 'invalid', message: 'must be an object, e.g. {"segmentDurationSec": 300}' };
  }
  const parsed = cameraSpecSchema.safeParse({ ...current, ...change });
  if (parsed.success) return { kind: 'valid', spec: parsed.data };
  const advice = carriesPassword(change) ? ` ${secretHowTo(camera)} Nothing of it was kept.` : '';
  return { kind: 'invalid', message: `${mistakesOf(parsed.error).join('; ')}.${advice}` };
}

type ParsedPause =
  | { readonly kind: 'valid'; readonly reason: string | null }
  | { readonly kind: 'invalid'; readonly message: string };

/** Nothing at all is valid too. */
export function parsePauseRequest(request: unknown): ParsedPause {
  const parsed = pauseRequestSchema.safeParse(request ?? {});
  if (parsed.success) return { kind: 'valid', reason: parsed.data.reason ?? null };
  const message = `${mistakesOf(parsed.error).join('; ')}. Give {"reason": "painting the wall"}, or nothing.`;
  return { kind: 'invalid', message };
}

function parseId(workflowId: string): { readonly camera: CameraId | null; readonly mistakes: readonly string[] } {
  try {
    return { camera: parseCameraId(workflowId), mistakes: [] };
  } catch (error) {
    if (!(error instanceof InvalidIdError)) throw error;
    return { camera: null, mistakes: [`workflow id: ${error.message}`] };
  }
}

function isRecorderId(text: string): boolean {
  try {
    parseRecorderId(text);
    return true;
  } catch (error) {
    if (!(error instanceof InvalidIdError)) throw error;
    return false;
  }
}

function mistakesOf(error: z.ZodError): readonly string[] {
  return error.issues.map(({ path, message }) => (path.length === 0 ? message : `${path.join('.')}: ${message}`));
}

function carriesPassword(spec: unknown): boolean {
  const source: unknown = isRecord(spec) ? spec['source'] : undefined;
  const url = isRecord(source) ? source['rtspUrl'] : undefined;
  return typeof url === 'string' && hasUserinfo(url);
}

function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return value !== null && typeof value === 'object';
}

function secretHowTo(name: string): string {
  return (
    `Give the whole URL to the recorder (a file named ${name} in CAMERA_SECRETS_DIR, or for camera-3 the variable CAMERA3_RTSP_URL), ` +
    `and only its name here: {"spec":{"source":{"kind":"secret","name":"${name}"}}}.`
  );
}

function passwordInHistory(workflowId: string): string {
  return (
    `${secretHowTo(workflowId)} The password is now in this workflow's history: delete it with ` +
    `"temporal workflow delete --workflow-id ${workflowId}" and change the camera's password.`
  );
}

function exampleFor(workflowId: string): string {
  return `Example: {"spec":{"source":{"kind":"secret","name":"${workflowId}"}}}`;
}
