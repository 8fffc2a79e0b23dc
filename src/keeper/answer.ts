import type { FfmpegProcesses } from './ffmpeg-processes.js';
import { KeeperError } from './keeper-error.js';
import { type KeeperLog, reasonOf } from './keeper-log.js';
import type { KeeperEvent, KeeperRequest } from './protocol.js';

interface AnswerDeps {
  readonly ffmpegs: FfmpegProcesses;
  readonly log: KeeperLog;
}

/** Does what a worker asks for; null where no answer is due. Never rejects: every failure is an answer. */
export async function answerOf(request: KeeperRequest, deps: AnswerDeps): Promise<KeeperEvent | null> {
  const { ffmpegs } = deps;
  switch (request.kind) {
    case 'alive':
    case 'ready':
      return null;
    case 'heard':
      ffmpegs.heard(request.session);
      return null;
    case 'signal':
      return { kind: 'signalled', id: request.id, delivered: ffmpegs.signal(request.session, request.signal) };
    case 'list':
      return { kind: 'listed', id: request.id, processes: await ffmpegs.list() };
    case 'spawn':
      return await spawned(request, deps);
    default:
      return request satisfies never;
  }
}

async function spawned(
  request: Extract<KeeperRequest, { readonly kind: 'spawn' }>,
  { ffmpegs, log }: AnswerDeps,
): Promise<KeeperEvent> {
  const { id, camera, session } = request;
  try {
    const process = await ffmpegs.spawn(request);
    // A camera that is off is tried every few seconds: what came of it is the worker's to say, once.
    log('debug', 'ffmpeg started', { camera, session, pid: process.pid });
    return { kind: 'spawned', id, process };
  } catch (error) {
    const code = reasonOf(error);
    const message = error instanceof KeeperError ? error.message : `${camera} cannot be started: ${code}`;
    log('debug', 'ffmpeg not started', { camera, session, reason: code });
    return { kind: 'spawn-failed', id, code, message };
  }
}
