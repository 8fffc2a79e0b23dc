import { rm } from 'node:fs/promises';
import type { Clock } from '../clock.js';
import type { CameraSource, CameraSpec } from '../domain/camera.js';
import { type CameraId, type Redacted, sessionIdOf } from '../domain/ids.js';
import type { KeeperClient } from '../keeper/keeper-client.js';
import { redact } from '../redact.js';
import { writeSessionFile } from '../spool/session-files.js';
import type { Spool } from '../spool/spool.js';
import { isNoSpace } from '../spool/spool-error.js';
import { recordingCommand } from './ffmpeg/args.js';
import { type CameraUrl, CameraUrlError, parseCameraUrl } from './ffmpeg/camera-url.js';
import type { FailureKind, SessionOutcome } from './outcome.js';
import type { Session } from './supervisor-state.js';

export interface StartDeps {
  readonly spool: Pick<Spool, 'layout'>;
  readonly keeper: Pick<KeeperClient, 'spawn' | 'list' | 'signal'>;
  /** The URL with its password, or undefined when this recorder does not have it. */
  resolveUrl(source: CameraSource): Promise<string | undefined>;
  /** Whether recording may begin. */
  hasRoom(): Promise<boolean>;
  readonly ffmpegPath: string;
  readonly clock: Clock;
  readonly random: () => number;
}

export type StartResult =
  | { readonly kind: 'started'; readonly session: Session }
  | { readonly kind: 'failed'; readonly outcome: SessionOutcome };

/** Starts FFmpeg for a camera in a folder of its own. Failing is a value: the supervisor waits and tries again. */
export async function startSession(
  camera: CameraId,
  spec: CameraSpec,
  codec: 'h264' | 'hevc' | null,
  deps: StartDeps,
): Promise<StartResult> {
  try {
    if (!(await deps.hasRoom())) return failed('no-space', redact('the spool is short of space'));
    const text = await deps.resolveUrl(spec.source);
    if (text === undefined) return failed('not-found', redact('this recorder has no URL for the camera'));
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
  try {
    await keeper.spawn({ session: id, camera, argv: [deps.ffmpegPath, ...args], ffconcat, cwd: dir });
  } catch (error) {
    await endUnknown(camera, keeper);
    await rm(dir, { recursive: true, force: true });
    throw error;
  }
  return { kind: 'started', session: { id, dir, spec: how.spec, startedAtMs: clock.monotonicMs() } };
}

/** The answer may have got lost, or an older process may be in the way: nothing of this camera that nobody follows may go on (INV-5). */
async function endUnknown(camera: CameraId, keeper: StartDeps['keeper']): Promise<void> {
  for (const process of await keeper.list()) {
    if (process.camera === camera) await keeper.signal(process.session, 'SIGKILL');
  }
}

function kindOf(error: unknown): FailureKind {
  if (error instanceof CameraUrlError) return 'unsupported';
  const cause = error instanceof Error && error.cause !== undefined ? error.cause : error;
  return isNoSpace(cause) ? 'no-space' : 'died';
}

function failed(kind: FailureKind, detail: Redacted): StartResult {
  return { kind: 'failed', outcome: { kind, detail } };
}
