import { createInterface } from 'node:readline/promises';
import { boundedBy } from '../clock.js';
import type { Config, StoreSettings } from '../config/config.js';
import { loadConfig } from '../config/load-config.js';
import { parseRecorderId, type RecorderId } from '../domain/ids.js';
import type { ObjectStore } from '../object-store/object-store.js';
import { createS3Store } from '../object-store/s3.js';
import { redact } from '../redact.js';
import { declareLoss, endUploads, type LostCamera, planLoss } from '../workers/declare-lost.js';
import { findLostRecorder, knownRecorders, type LostRecorder } from '../workers/lost-recorder.js';
import { policiesOf } from '../workers/main.js';
import { outageWords } from '../workers/outage-words.js';
import { connectTo, type TemporalSession } from '../workers/temporal/connection.js';
import { temporalSettingsOf } from '../workers/temporal/settings.js';
import { demoStore, demoTemporal } from './demo-place.js';
import { takeSecrets } from './process-guards.js';
import { aliveText, hasLoss, lossText, unknownText, uploadWords } from './recorder-lost-text.js';
import { readTemporalSettings } from './temporal-settings.js';

export interface RecorderLostOptions {
  readonly recorder: string;
  /** `--yes`: nobody is asked. */
  readonly isConfirmed: boolean;
  readonly isUtc: boolean;
  readonly configPath: string | undefined;
}

/** Long enough for a day's backlog of many cameras. */
const STORE_DEADLINE_MS = 600_000;

/**
 * Ends the wait for a recorder that is gone for good. Resolves to 0 when all is declared, also when that was so before; to 1 when the
 * recorder may be alive or is not known, or when a person says no. @throws ConfigError, InvalidIdError, StoreError
 */
export async function recorderLostCommand(options: RecorderLostOptions): Promise<number> {
  const recorder = parseRecorderId(options.recorder);
  const { config, store: settings, session } = await openPlace(options.configPath);
  const store = createS3Store(settings);
  try {
    const { aliveForMs } = policiesOf(config.policyTimeScale);
    const lost = await findLostRecorder(session, recorder, Date.now());
    if (lost === undefined) return refuse(unknownText(recorder, await knownRecorders(session)));
    const { heardAgoMs } = lost;
    if (heardAgoMs !== null && heardAgoMs < aliveForMs) return refuse(aliveText(recorder, heardAgoMs, aliveForMs));
    return await declare(lost, { session, store }, options, options.isUtc ? 'UTC' : config.timezone);
  } finally {
    store.close();
    await session.connection.close();
  }
}

async function declare(
  lost: LostRecorder,
  { session, store }: { readonly session: TemporalSession; readonly store: ObjectStore },
  { isConfirmed }: RecorderLostOptions,
  timezone: string,
): Promise<number> {
  const { recorder } = lost;
  const planned = boundedBy(undefined, STORE_DEADLINE_MS);
  const cameras = await planLoss(lost, { store, nowMs: Date.now() }, planned);
  if (!hasLoss(cameras)) {
    process.stdout.write(`Nothing is left to declare for recorder ${recorder}.\n`);
    return 0;
  }
  process.stdout.write(lossText(recorder, cameras, timezone));
  if (!isConfirmed && !(await isAgreed(recorder))) return refuse('Nothing was declared.');
  await carryOut(recorder, cameras, { session, store, signal: boundedBy(undefined, STORE_DEADLINE_MS) });
  return 0;
}

async function carryOut(
  recorder: RecorderId,
  cameras: readonly LostCamera[],
  at: { readonly session: TemporalSession; readonly store: ObjectStore; readonly signal: AbortSignal },
): Promise<void> {
  let [objects, uploads] = [0, 0];
  for (const camera of cameras) {
    objects += await declareLoss(recorder, camera, at.store, at.signal);
    await endUploads(at.session, camera);
    uploads += camera.owed.filter(({ isWaiting }) => isWaiting).length;
  }
  const objectWords = objects === 1 ? '1 gap object was' : `${objects} gap objects were`;
  process.stdout.write(`Done: ${objectWords} written, ${uploadWords(uploads)} told to end.\n`);
}

function refuse(why: string): number {
  process.stderr.write(`${why}\n`);
  return 1;
}

async function isAgreed(recorder: RecorderId): Promise<boolean> {
  if (!process.stdin.isTTY) {
    process.stderr.write('Nobody is there to be asked: say --yes.\n');
    return false;
  }
  const asking = createInterface({ input: process.stdin, output: process.stdout });
  try {
    return /^y(es)?$/i.test((await asking.question(`Is recorder ${recorder} gone for good? [y/N] `)).trim());
  } finally {
    asking.close();
  }
}

interface Place {
  readonly config: Config;
  readonly store: StoreSettings;
  readonly session: TemporalSession;
}

/** What is configured; else what `start` brought in this folder. */
async function openPlace(configPath: string | undefined): Promise<Place> {
  const given = { env: takeSecrets(process.env), configPath, cwd: process.cwd() };
  const read = loadConfig({ ...given, required: [] });
  const demo = read.store === null && read.temporal === null ? await demoStore() : null;
  const variables = demo === null ? null : await demoTemporal();
  const config = demo === null ? loadConfig({ ...given, required: ['store', 'temporal'] }) : read;
  const store = demo ?? config.store;
  if (store === null) throw new Error('a store is needed');
  const temporal = variables === null ? readTemporalSettings(config) : temporalSettingsOf(variables);
  try {
    return { config, store, session: await connectTo(temporal) };
  } catch (error) {
    throw new Error(redact(`Temporal does not answer: ${outageWords(error)} Nothing was declared.`), { cause: error });
  }
}
