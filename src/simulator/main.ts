/**
 * Simulated cameras as a process of their own, so that the demo records from something that is not itself. Prints one line of JSON, the
 * URLs without userinfo, once all cameras serve; a parent with an IPC channel is told the same, and the progress while the picture is
 * made. Ends on SIGTERM, or when its parent goes. SIGINT ends it only when it has no such parent: Ctrl-C reaches the whole group, and a
 * recorder that is about to stop shall not see its cameras die first.
 */
import { parseArgs } from 'node:util';
import { redact } from '../redact.js';
import { loadPicture, PICTURES, type PictureName } from './picture.js';
import { createSimulatedCamera, type SimulatedCamera } from './simulated-camera.js';
import { SimulatorError } from './simulator-error.js';

/** What the process tells its parent. */
export type SimulatorMessage =
  | { readonly kind: 'making-picture'; readonly share: number }
  | { readonly kind: 'serving'; readonly urls: readonly string[] };

interface Settings {
  readonly cameras: number;
  readonly picture: PictureName;
  readonly cacheDir: string;
  readonly ffmpegPath: string;
  /** The first camera's; the next ones follow. 0: any free one each. */
  readonly port: number;
  readonly account: { readonly user: string; readonly password: string } | null;
}

async function main(stop: AbortSignal): Promise<void> {
  const settings = readSettings(process.argv.slice(2), process.env);
  const picture = await loadPicture(settings.picture, {
    ffmpegPath: settings.ffmpegPath,
    cacheDir: settings.cacheDir,
    onProgress: (share) => tellParent({ kind: 'making-picture', share }),
    signal: stop,
  });
  const cameras: SimulatedCamera[] = [];
  for (let index = 0; index < settings.cameras; index += 1) {
    const port = settings.port === 0 ? 0 : settings.port + index;
    cameras.push(await createSimulatedCamera({ picture, port, ...(settings.account ?? {}) }));
  }
  const urls = cameras.map((camera) => camera.urlWithoutUserinfo);
  process.stdout.write(`${JSON.stringify({ urls })}\n`);
  tellParent({ kind: 'serving', urls });
  await aborted(stop);
  await Promise.all(cameras.map((camera) => camera.close()));
}

/** @throws SimulatorError `bad-option` */
function readSettings(args: readonly string[], env: NodeJS.ProcessEnv): Settings {
  const { values } = parseArgs({
    args: [...args],
    options: {
      cameras: { type: 'string', default: '2' },
      picture: { type: 'string', default: '2k' },
      cache: { type: 'string', default: '.cache' },
      ffmpeg: { type: 'string', default: 'ffmpeg' },
      port: { type: 'string', default: '0' },
      user: { type: 'string' },
      'password-env': { type: 'string' },
    },
  });
  return {
    cameras: wholeNumber('--cameras', values.cameras),
    picture: pictureName(values.picture),
    cacheDir: values.cache,
    ffmpegPath: values.ffmpeg,
    port: wholeNumber('--port', values.port),
    account:
      values.user === undefined ? null : { user: values.user, password: passwordIn(env, values['password-env']) },
  };
}

function wholeNumber(option: string, text: string): number {
  if (!/^\d{1,5}$/.test(text)) throw new SimulatorError('bad-option', `${option} is a whole number, not ${text}`);
  return Number(text);
}

function pictureName(text: string): PictureName {
  const isName = (name: string): name is PictureName => Object.hasOwn(PICTURES, name);
  if (isName(text)) return text;
  throw new SimulatorError('bad-option', `--picture is one of ${Object.keys(PICTURES).join(', ')}, not ${text}`);
}

/** The password is never an argument: every user of the machine can read those. */
function passwordIn(env: NodeJS.ProcessEnv, variable: string | undefined): string {
  const password = variable === undefined ? undefined : env[variable];
  if (password === undefined) {
    throw new SimulatorError('bad-option', '--user needs --password-env, the name of the variable with the password');
  }
  return password;
}

function stopSignal(): AbortSignal {
  const stop = new AbortController();
  const end = () => stop.abort();
  process.once('SIGTERM', end).once('disconnect', end);
  process.on('SIGINT', process.connected ? () => undefined : end);
  return stop.signal;
}

async function aborted(signal: AbortSignal): Promise<void> {
  if (signal.aborted) return;
  await new Promise<void>((resolve) => {
    signal.addEventListener('abort', () => resolve(), { once: true });
  });
}

function tellParent(message: SimulatorMessage): void {
  if (process.connected) process.send?.(message);
}

const stop = stopSignal();
try {
  await main(stop);
} catch (error) {
  if (!stop.aborted) {
    process.stderr.write(`${redact(error instanceof Error ? error.message : String(error))}\n`);
    process.exitCode = 1;
  }
}
if (process.connected) process.disconnect();
