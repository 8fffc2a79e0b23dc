/** `drain`: end the recording into a spool, and upload everything that is in it. Needs no Temporal. */
import { access } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { drainSpool } from '../activities/drain-spool.js';
import { sendTo } from '../activities/send-segment.js';
import { systemClock } from '../clock.js';
import { loadConfig } from '../config/load-config.js';
import { byteWords } from '../domain/local-time.js';
import type { SealedSegment } from '../domain/segment.js';
import { type SpoolLock, SpoolLockedError, takeSpoolLock } from '../keeper/spool-lock.js';
import { createLogger } from '../log.js';
import { createBufferPool } from '../object-store/buffer-pool.js';
import { ByteRate } from '../object-store/byte-rate.js';
import { createS3Store } from '../object-store/s3.js';
import { redact } from '../redact.js';
import { openSpool } from '../spool/open-spool.js';
import type { Spool } from '../spool/spool.js';
import { findProgram } from './find-program.js';
import { takeSecrets } from './process-guards.js';
import { sealLeftovers } from './seal-leftovers.js';
import { untilSpoolIsFree } from './start-locks.js';
import { listenForStop } from './stop-signals.js';

const BUFFERS_AN_UPLOAD = 4;
const RETRY_MS = 10_000;

/** Resolves to 0 when everything sealed is stored, to 1 when something remains, also after Ctrl-C. @throws ConfigError */
export async function drainCommand(options: {
  /** Default: `TEMP_DIR`. */
  readonly spoolDir: string | undefined;
  readonly configPath: string | undefined;
}): Promise<number> {
  const env = takeSecrets(process.env);
  const config = loadConfig({ env, configPath: options.configPath, cwd: process.cwd(), required: ['store'] });
  if (config.store === null) throw new Error('a store is needed');
  const spoolDir = options.spoolDir === undefined ? config.spool.dir : resolve(options.spoolDir);
  if (!(await isSpool(spoolDir))) throw new Error(`${spoolDir} is no spool: it has no file recorder-id.`);
  const stop = listenForStop();
  const store = createS3Store(config.store);
  let lock: SpoolLock | null = null;
  try {
    lock = await lockStopping(spoolDir, stop.asked);
    const log = createLogger({ level: config.logLevel === 'info' ? 'warn' : config.logLevel, name: 'drain' });
    const spool = await openSpool(spoolDir, { log });
    await sealLeftovers(spool, { ffmpegPath: config.ffmpegPath ?? (await findProgram('ffmpeg', null)), log });
    const { maxConcurrentUploads: atOnce, uploadBytesPerSecond } = config;
    const rate = uploadBytesPerSecond === null ? null : new ByteRate(uploadBytesPerSecond, systemClock);
    const send = sendTo(store, createBufferPool(atOnce * BUFFERS_AN_UPLOAD), { rate });
    const retryMs = RETRY_MS * config.policyTimeScale;
    await drainSpool({ spool, send, atOnce, retryMs, clock: systemClock, observer: new Remains() }, stop.asked);
    return await verdict(spool);
  } catch (error) {
    if (!stop.asked.aborted) throw error;
    say('Stopped. What was not sent is as it was: drain again, or let the recorder go on.');
    return 1;
  } finally {
    await lock?.release();
    store.close();
    stop.close();
  }
}

async function isSpool(dir: string): Promise<boolean> {
  return await access(join(dir, 'recorder-id')).then(
    () => true,
    () => false,
  );
}

/** The recorder that has the spool, if one does, is asked to end in order, as by its own SIGTERM. */
async function lockStopping(spoolDir: string, signal: AbortSignal): Promise<SpoolLock> {
  const path = join(spoolDir, 'lock');
  try {
    return await takeSpoolLock(path);
  } catch (error) {
    if (!(error instanceof SpoolLockedError)) throw error;
    const { pid } = error.holder;
    say(`Stopping the recorder, process ${pid} …`);
    process.kill(pid, 'SIGTERM');
  }
  await untilSpoolIsFree(spoolDir, { say, signal });
  return await takeSpoolLock(path);
}

/** Prints what is left after each segment. */
class Remains {
  readonly #left = new Map<string, SealedSegment>();

  remains(segments: readonly SealedSegment[]): void {
    this.#left.clear();
    for (const segment of segments) this.#left.set(segment.id, segment);
    if (segments.length > 0) say(`To be sent: ${this.#words()}.`);
  }

  stored(segment: SealedSegment, { key }: { readonly key: string }): void {
    this.#left.delete(segment.id);
    say(`${key} is stored; ${this.#left.size === 0 ? 'nothing is left' : `left: ${this.#words()}`}.`);
  }

  failed(segment: SealedSegment, error: unknown): void {
    const why = error instanceof Error ? error.message : String(error);
    process.stderr.write(`${redact(`${segment.id}: ${why}; it is tried again.`)}\n`);
  }

  #words(): string {
    const left = [...this.#left.values()];
    const bytes = left.reduce((sum, { sizeBytes }) => sum + sizeBytes, 0);
    const cameras = [...new Set(left.map(({ camera }) => camera))].sort();
    const each = cameras.map((id) => `${id} ${left.filter(({ camera }) => camera === id).length}`);
    return `${left.length === 1 ? '1 segment' : `${left.length} segments`}, ${byteWords(bytes)} (${each.join(', ')})`;
  }
}

async function verdict(spool: Spool): Promise<number> {
  const { open, stored, quarantined } = (await spool.usage()).byState;
  const kept = stored.count === 0 ? '' : ` ${stored.count} of it are kept here until the store confirms them again.`;
  if (quarantined.count > 0) say(`${quarantined.count} files that could not be read are in quarantine.`);
  if (open.count > 0) {
    say(`${open.count} recordings could not be sealed, and are not sent.`);
    return 1;
  }
  say(`Everything is stored.${kept}`);
  return 0;
}

function say(line: string): void {
  process.stdout.write(`${redact(line)}\n`);
}
