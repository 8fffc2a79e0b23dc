import { stat } from 'node:fs/promises';
import { join } from 'node:path';
import { z } from 'zod';
import { type CameraSpec, cameraSpecSchema } from '../domain/camera.js';
import { type CameraId, parseCameraId, parseSessionId, type SessionId } from '../domain/ids.js';
import { readIfThere, systemDisk, writeJsonDurably } from './durable-file.js';
import { foldersIn, namesIn } from './folder-names.js';
import { openRootOf, recordingIndexOf } from './layout.js';
import { parseJson } from './parse-json.js';
import type { SpoolLayout } from './spool.js';
import { errnoOf } from './spool-error.js';

/** `open/<camera>/<session>/session.json`: what a later worker must know of a session it did not start. Holds no secret. */
export interface SessionFile {
  readonly schema: 1;
  readonly session: SessionId;
  readonly camera: CameraId;
  readonly spec: CameraSpec;
  /** UTC ms at which FFmpeg was asked for. */
  readonly startedAtMs: number;
  /** UTC ms at which its media begins, as those tell who saw its first file grow. */
  readonly mediaStartMs?: number | undefined;
}

/** A session whose folder is still there: running, or not yet sealed to its end. */
export interface OpenSession {
  readonly camera: CameraId;
  readonly session: SessionId;
  readonly dir: string;
}

/** One of FFmpeg's numbered files. */
export interface OpenFile {
  /** In the session. */
  readonly index: number;
  readonly path: string;
  readonly sizeBytes: number;
  /** Null where the file system keeps none. */
  readonly birthtimeMs: number | null;
  readonly mtimeMs: number;
}

const SESSION_FILE = 'session.json';

const sessionFileSchema: z.ZodType<SessionFile, unknown> = z.object({
  schema: z.literal(1),
  session: z.string().transform(parseSessionId),
  camera: z.string().transform(parseCameraId),
  spec: cameraSpecSchema,
  startedAtMs: z.number(),
  mediaStartMs: z.number().optional(),
});

/** Makes the folder too. Durable when it resolves. */
export async function writeSessionFile(dir: string, session: SessionFile): Promise<void> {
  await systemDisk.makeFolder(dir);
  await writeJsonDurably(systemDisk, join(dir, SESSION_FILE), session);
}

/** Durable when it resolves. No-op for a session whose file is not there or cannot be understood. */
export async function noteMediaStart(dir: string, mediaStartMs: number): Promise<void> {
  const session = await readSessionFile(dir);
  if (session !== undefined) await writeJsonDurably(systemDisk, join(dir, SESSION_FILE), { ...session, mediaStartMs });
}

/** `undefined` when it is not there or cannot be understood: camera and session are in the path too, see `listSessions`. */
export async function readSessionFile(dir: string): Promise<SessionFile | undefined> {
  const text = await readIfThere(join(dir, SESSION_FILE));
  const parsed = text === undefined ? undefined : parseJson(text, sessionFileSchema);
  return parsed?.kind === 'parsed' ? parsed.value : undefined;
}

/** Oldest first within a camera. Folders that are not named like a camera or a session are passed over. */
export async function listSessions(layout: SpoolLayout): Promise<readonly OpenSession[]> {
  const sessions: OpenSession[] = [];
  for (const camera of await foldersIn(openRootOf(layout), parseCameraId)) {
    for (const session of await foldersIn(layout.openDir(camera), parseSessionId)) {
      sessions.push({ camera, session, dir: layout.sessionDir(camera, session) });
    }
  }
  return sessions;
}

/** FFmpeg's files in a session's folder, in order. A file that goes while we look is left out; a folder that is not there is empty. */
export async function openFiles(dir: string): Promise<readonly OpenFile[]> {
  const files: OpenFile[] = [];
  for (const name of await namesIn(dir)) {
    const index = recordingIndexOf(name);
    const file = index === undefined ? undefined : await openFileAt(join(dir, name), index);
    if (file !== undefined) files.push(file);
  }
  return files.sort((a, b) => a.index - b.index);
}

async function openFileAt(path: string, index: number): Promise<OpenFile | undefined> {
  try {
    const { size, birthtimeMs, mtimeMs } = await stat(path);
    return { index, path, sizeBytes: size, birthtimeMs: birthtimeMs > 0 ? birthtimeMs : null, mtimeMs };
  } catch (error) {
    if (errnoOf(error) === 'ENOENT') return undefined;
    throw error;
  }
}
