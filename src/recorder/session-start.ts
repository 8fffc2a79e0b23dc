import { rm } from 'node:fs/promises';
import type { Clock } from '../clock.js';
import type { CameraSource, CameraSpec } from '../domain/camera.js';
import { type CameraId, type Redacted, sessionIdOf } from '../domain/ids.js';
import type { KeeperClient } from '../keeper/keeper-client.js';
import { KeeperError } from '../keeper/keeper-error.js';
import type { FfmpegProcess } from '../keeper/protocol.js';
import type { Logger } from '../log.js';
import { redact } from '../redact.js';
import { openFiles, writeSessionFile } from '../spool/session-files.js';
import type { Spool } from '../spool/spool.js';
import { isDiskFailing, isNoSpace } from '../spool/spool-error.js';
import { adoptedSession } from './adopted-session.js';
import { recordingCommand } from './ffmpeg/args.js';
import { type CameraUrl, CameraUrlError, parseCameraUrl } from './ffmpeg/camera-url.js';
import type { FailureKind, SessionOutcome } from './outcome.js';
import type { Session } from './supervisor-state.js';

/** `resolveUrl` and `hasRoom` are asked at each start, so that a repaired secret or a freed disk counts at once. */
export interface StartDeps {
  readonly spool: Pick<Spool, 'layout'>;
  readonly keeper: Pick<KeeperClient, 'spawn' | 'list' | 'signal'>;
  /** The URL with its password, or undefined when this recorder does not have it. */
  resolveUrl(source: CameraSource): Promise<string | undefined>;
  /** Whether recording may begin. */
  hasRoom(): Promise<boolean>;
  readonly ffmpegPath: string;
  readonly clock: Clock;
  readonly log: Logger;
  readonly random: () => number;
}

/** Each question has a deadline of many seconds itself. */
const ASK_AGAIN_MS = 100;

type StartResult =
  | { readonly kind: 'started'; readonly session: Session }
  | { readonly kind: 'failed'; readonly outcome: SessionOutcome };

/**
 * Starts FFmpeg for a camera in a folder of its own. Where one is under way that nobody follows, that is the session: it may have
 * been started with another spec. Failing is a value: the supervisor waits and tries again.
 */
export async function startSession(
  camera: CameraId,
  spec: CameraSpec,
  codec: 'h264' | 'hevc' | null,
  deps: StartDeps,
): Promise<StartResult> {
  try {
    if (!(await deps.hasRoom())) return failed('no-space', redact('the spool is short of space'));
    const text = await deps.resolveUrl(spec.source);
    if (text === undefined) return failed('no-url', redact('this recorder has no URL for the camera'));
    return await spawnSession(camera, { spec, codec, url: parseCameraUrl(text) }, deps);
  } catch (error) {
    return failed(kindOf(error), redact(error instanceof Error ? error.message : String(error)));
  }
}

async function spawnSession(
  camera: CameraId,
  how: { readonly spec: CameraSpec; readonly codec: 'h264' | 'hevc' | null; readonly url: CameraUrl },
  deps: StartDeps,
): Promise<StartResult> {
  const { clock, keeper, spool } = deps;
  const startedAtMs = clock.wallMs();
  const id = sessionIdOf(startedAtMs, deps.random());
  const dir = spool.layout.sessionDir(camera, id);
  const { args, ffconcat } = recordingCommand(how.spec, how.url, how.codec);
  await writeSessionFile(dir, { schema: 1, session: id, camera, spec: how.spec, startedAtMs });
  const session = { id, dir, spec: how.spec, startedAtMs: clock.monotonicMs(), recordsSinceMs: null };
  try {
    await keeper.spawn({ session: id, camera, argv: [deps.ffmpegPath, ...args], ffconcat, cwd: dir });
    return { kind: 'started', session };
  } catch (error) {
    const running = isPerhapsRunning(error) ? await runningSession(camera, deps) : undefined;
    if (running?.id === id) return { kind: 'started', session };
    if ((await openFiles(dir)).length === 0) await rm(dir, { recursive: true, force: true });
    if (running !== undefined) return { kind: 'started', session: running };
    throw error;
  }
}

/** An older process has the camera, or the answer got lost. */
function isPerhapsRunning(error: unknown): boolean {
  return error instanceof KeeperError && (error.code === 'already-recording' || error.code === 'no-answer');
}

/** What the keeper holds for the camera: it records, and so it is ours (INV-5). What has no folder records nothing, and is ended. */
async function runningSession(camera: CameraId, deps: StartDeps): Promise<Session | undefined> {
  const process = (await surelyListed(deps)).find((one) => one.camera === camera);
  if (process === undefined) return undefined;
  const { session } = process;
  const dir = deps.spool.layout.sessionDir(camera, session);
  const adopted = await adoptedSession({ session, dir }, undefined, deps.clock);
  if (adopted === undefined) await deps.keeper.signal(session, 'SIGKILL');
  else deps.log.info({ camera, session }, 'a recording that was under way is followed');
  return adopted;
}

/** A keeper that is late is asked until it answers or is gone: before that, nothing is known. */
async function surelyListed({ keeper, clock }: StartDeps): Promise<readonly FfmpegProcess[]> {
  for (;;) {
    try {
      return await keeper.list();
    } catch (error) {
      if (!(error instanceof KeeperError) || error.code !== 'no-answer') throw error;
      await clock.sleep(ASK_AGAIN_MS);
    }
  }
}

function kindOf(error: unknown): FailureKind {
  if (error instanceof CameraUrlError) return 'no-url';
  const cause = error instanceof Error && error.cause !== undefined ? error.cause : error;
  if (isNoSpace(cause)) return 'no-space';
  return isDiskFailing(cause) ? 'disk-failing' : 'died';
}

function failed(kind: FailureKind, detail: Redacted): StartResult {
  return { kind: 'failed', outcome: { kind, detail } };
}
