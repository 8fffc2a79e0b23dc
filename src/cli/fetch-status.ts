import { z } from 'zod';
import { boundedBy } from '../clock.js';
import { parseCameraId } from '../domain/ids.js';
import { CAMERA_LEVELS } from '../http/camera-words.js';
import type { StatusView } from '../http/status-view.js';

const cameraSchema = z.object({
  id: z.string().transform(parseCameraId),
  name: z.string(),
  place: z.string(),
  level: z.enum(CAMERA_LEVELS),
  state: z.string(),
  todo: z.string().nullable(),
  isRecording: z.boolean(),
  lastFrame: z.string(),
  gapsToday: z.string(),
  waitingUploads: z.string(),
  segmentSec: z.number().nullable(),
  storedSegments: z.number(),
  webUiUrl: z.string().nullable(),
});

const statusSchema: z.ZodType<StatusView, unknown> = z.object({
  headline: z.string(),
  now: z.string(),
  clock: z.string(),
  zone: z.string(),
  notices: z.array(z.string()),
  spool: z.string(),
  bucket: z.string(),
  cameras: z.array(cameraSchema),
  webUiUrl: z.string().nullable(),
});

/** Longer than the page ever takes, shorter than a person waits. */
const TIMEOUT_MS = 3_000;

/** What `<pageUrl>/status.json` says now. Rejects when nothing answers within 3 s, or something that is not a recorder does. */
export async function fetchStatus(pageUrl: string, signal?: AbortSignal): Promise<StatusView> {
  const answer = await fetch(new URL('/status.json', pageUrl), { signal: boundedBy(signal, TIMEOUT_MS) });
  return statusSchema.parse(await answer.json());
}
