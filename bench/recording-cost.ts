/**
 * What recording costs beside the same FFmpeg command lines alone: CPU, memory, bytes written. With 1 and with 8 cameras, in the
 * order ours, alone, ours, alone. Cameras, Temporal and store are processes of their own and are not counted.
 *
 * Every window holds one cut of every camera (`--window-seconds`, 20; segments are as long), where the product cuts every 900 s: the cost
 * of sealing and of a segment's workflows is counted 45 times as often as it arises, and eight uploads fill their buffers at once. With
 * `--segment-seconds 900` most windows hold no cut at all: what recording costs between cuts. `--rounds 1 --cameras 8 --window-seconds 600`
 * measures 8 cameras only, once, for ten minutes.
 */
import { type ChildProcess, spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { mkdir, rm } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { startSeaweedfs } from '../src/embedded/seaweedfs.js';
import { startTemporalServer } from '../src/embedded/temporal-server.js';
import { loadPicture, PICTURES, type PictureName } from '../src/simulator/picture.js';
import { type Phase, type PhaseSettings, pause, startAlone, startOurs } from './phases.js';
import { type Cost, costOf } from './process-cost.js';
import { median, numberOption, printResults, type Result, textOption, toolPath, withWorkbench } from './workbench.js';

const COUNTS = [1, 8] as const;
const MB = 1e6;
/** Until then Node compiles and collects what it loaded; measured: 1.3 to 2.4 % of a core at first, 1.0 % from then on. */
const WARM_UP_MS = 8_000;
/** Everybody said TEARDOWN: the cameras only need a moment. */
const BETWEEN_PHASES_MS = 1_000;

interface Measured {
  readonly seconds: number;
  readonly recordedBytes: number;
  readonly ours: Cost;
  readonly ffmpegs: Cost;
}

interface Settings extends Omit<PhaseSettings, 'dir' | 'env'> {
  readonly windowSec: number;
  readonly rounds: number;
}

interface Compared {
  readonly cameras: number;
  readonly ours: readonly Measured[];
  readonly alone: readonly Measured[];
}

await withWorkbench(async ({ dir, onEnd }) => {
  const windowSec = numberOption('window-seconds', 20);
  const segmentSec = numberOption('segment-seconds', windowSec);
  const picture = pictureOption();
  const ffmpegPath = await toolPath('ffmpeg');
  await loadPicture(picture, { ffmpegPath, cacheDir: '.cache' });
  const rounds = numberOption('rounds', 2);
  const only = numberOption('cameras', 0);
  const compared: Compared[] = [];
  for (const count of only === 0 ? COUNTS : [only]) {
    const cameras = await startCameras(count, { picture, ffmpegPath });
    onEnd(cameras.stop);
    const settings = { urls: cameras.urls, ffmpegPath, segmentSec, windowSec, rounds };
    compared.push({ cameras: count, ...(await interleaved(settings, join(dir, String(count)))) });
    await cameras.stop();
  }
  const { widthPx, heightPx, bitrateKbps } = PICTURES[picture];
  const title = `Recording beside FFmpeg alone: ${widthPx}x${heightPx}, ${bitrateKbps} kbit/s, segments of ${segmentSec} s, windows of ${windowSec} s, ${rounds} each`;
  printResults(title, [...compared.flatMap(resultsOf), ...memoryResults(compared)]);
});

function pictureOption(): PictureName {
  return textOption('picture', '2k') === 'small' ? 'small' : '2k';
}

async function interleaved(
  settings: Settings,
  dir: string,
): Promise<{ readonly ours: readonly Measured[]; readonly alone: readonly Measured[] }> {
  const [ours, alone]: [Measured[], Measured[]] = [[], []];
  for (let round = 0; round < settings.rounds; round += 1) {
    for (const [start, into] of [
      [startOurs, ours],
      [startAlone, alone],
    ] as const) {
      into.push(await measuredIn(join(dir, `${round}-${start.name}`), start, settings));
      await pause(BETWEEN_PHASES_MS);
    }
  }
  return { ours, alone };
}

/** In a folder, with a Temporal and a store, of its own: one that knows the cameras would keep them for the recorder of the phase before. */
async function measuredIn(dir: string, start: typeof startOurs, settings: Settings): Promise<Measured> {
  await mkdir(dir, { recursive: true });
  const servers = await startServers(dir);
  try {
    const phase = await start({ ...settings, dir, env: servers.env });
    try {
      return await measure(phase, settings.windowSec);
    } finally {
      await phase.stop();
    }
  } finally {
    await servers.stop();
    await rm(dir, { recursive: true, force: true });
  }
}

/** A window as long as a segment holds one cut, wherever it begins. */
async function measure(phase: Phase, windowSec: number): Promise<Measured> {
  await pause(WARM_UP_MS);
  const [startedAtMs, recordedBefore] = [performance.now(), await phase.recordedBytes()];
  const before = await costs(phase);
  await pause(windowSec * 1_000);
  const after = await costs(phase);
  const [seconds, recordedAfter] = [(performance.now() - startedAtMs) / 1_000, await phase.recordedBytes()];
  return {
    seconds,
    recordedBytes: recordedAfter - recordedBefore,
    ours: spent(before.ours, after.ours),
    ffmpegs: spent(before.ffmpegs, after.ffmpegs),
  };
}

async function costs({ ours, ffmpegs }: Phase): Promise<{ readonly ours: Cost; readonly ffmpegs: Cost }> {
  const [oursCost, ffmpegCost] = await Promise.all([costOf(ours), costOf(ffmpegs)]);
  return { ours: oursCost, ffmpegs: ffmpegCost };
}

/** Memory is what is used at the end. */
function spent(before: Cost, after: Cost): Cost {
  return { ...after, cpuMs: after.cpuMs - before.cpuMs, writtenBytes: after.writtenBytes - before.writtenBytes };
}

function resultsOf({ cameras, ours, alone }: Compared): readonly Result[] {
  const name = `${cameras} ${cameras === 1 ? 'camera' : 'cameras'}`;
  const cpu = (measured: readonly Measured[], of: (one: Measured) => number): number =>
    median(measured.map((one) => of(one) / 10 / one.seconds));
  const all = cpu(ours, (one) => one.ours.cpuMs + one.ffmpegs.cpuMs);
  const without = cpu(alone, (one) => one.ffmpegs.cpuMs);
  const keeperAndWorker = cpu(ours, (one) => one.ours.cpuMs);
  const ratio = all / without;
  const written = median(ours.map((one) => (one.ours.writtenBytes + one.ffmpegs.writtenBytes) / one.recordedBytes));
  const writtenAlone = median(alone.map((one) => one.ffmpegs.writtenBytes / one.recordedBytes));
  const percent = (value: number): string => `${value.toFixed(1)} %`;
  const bitrate = median(ours.map((one) => (one.recordedBytes * 8) / one.seconds / cameras / MB));
  return [
    { what: `${name}: recorded, each`, measured: `${bitrate.toFixed(2)} Mbit/s`, toHold: '', isHeld: null },
    { what: `${name}: CPU of FFmpeg alone (of one core)`, measured: percent(without), toHold: '', isHeld: null },
    {
      what: `${name}: CPU of everything (keeper and worker: ${percent(keeperAndWorker)})`,
      measured: percent(all),
      toHold: '',
      isHeld: null,
    },
    {
      what: `${name}: CPU of everything ÷ FFmpeg alone`,
      measured: `${ratio.toFixed(2)} ×`,
      toHold: cameras === 8 ? '≤ 1.15 ×' : '',
      isHeld: cameras === 8 ? ratio <= 1.15 : null,
    },
    {
      what: `${name}: bytes written per byte recorded (FFmpeg alone: ${writtenAlone.toFixed(4)})`,
      measured: written.toFixed(4),
      toHold: '≤ 1.001',
      isHeld: written <= 1.001,
    },
  ];
}

/** What is fixed and what each camera adds follows from two numbers of cameras; of one alone there is only the sum. */
function memoryResults(compared: readonly Compared[]): readonly Result[] {
  const megabytes = ({ ours }: Compared, of: (cost: Cost) => number): number =>
    median(ours.map((one) => of(one.ours))) / MB;
  const rss = (one: Compared): number => megabytes(one, ({ rssBytes }) => rssBytes);
  const sums = compared.map((one) => ({
    what: `RSS of keeper and worker, ${one.cameras} cameras`,
    measured: `${rss(one).toFixed(0)} MB (PSS ${megabytes(one, ({ pssBytes }) => pssBytes).toFixed(0)} MB)`,
    toHold: '',
    isHeld: null,
  }));
  const [few, many] = compared;
  if (few === undefined || many === undefined) return sums;
  const perCamera = (rss(many) - rss(few)) / (many.cameras - few.cameras);
  const fixed = rss(few) - few.cameras * perCamera;
  return [
    ...sums,
    { what: 'RSS, fixed', measured: `${fixed.toFixed(0)} MB`, toHold: '≤ 320 MB', isHeld: fixed <= 320 },
    { what: 'RSS, per camera', measured: `${perCamera.toFixed(1)} MB`, toHold: '≤ 3 MB', isHeld: perCamera <= 3 },
  ];
}

interface Servers {
  /** What our program needs to know about them. */
  readonly env: Readonly<Record<string, string>>;
  stop(): Promise<void>;
}

async function startServers(dir: string): Promise<Servers> {
  const temporal = await startTemporalServer({
    temporalPath: await toolPath('temporal'),
    dbPath: null,
    logPath: join(dir, 'temporal.log'),
  });
  const store = await startSeaweedfs({
    weedPath: await toolPath('weed'),
    dir: join(dir, 'store'),
    accessKeyId: 'bench',
    secretAccessKey: randomBytes(16).toString('hex'),
    bucket: 'bench',
  });
  return {
    env: {
      TEMPORAL_ADDRESS: temporal.address,
      TEMPORAL_NAMESPACE: temporal.namespace,
      S3_ENDPOINT: store.endpoint,
      S3_BUCKET: store.bucket,
      S3_ACCESS_KEY_ID: store.accessKeyId,
      S3_SECRET_ACCESS_KEY: store.secretAccessKey,
    },
    stop: async () => {
      await Promise.all([temporal.kill(), store.kill()]);
    },
  };
}

interface Cameras {
  readonly urls: readonly string[];
  /** Idempotent. */
  stop(): Promise<void>;
}

/** In one process of their own. */
async function startCameras(
  count: number,
  { picture, ffmpegPath }: { readonly picture: PictureName; readonly ffmpegPath: string },
): Promise<Cameras> {
  const args = ['--cameras', String(count), '--picture', picture, '--ffmpeg', ffmpegPath];
  const child = spawn(process.execPath, [resolve('dist', 'simulator', 'main.js'), ...args], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const { urls } = await firstLine(child);
  return {
    urls,
    stop: async () => {
      if (child.exitCode !== null || child.signalCode !== null) return;
      const exit = new Promise((done) => child.once('exit', done));
      child.kill('SIGTERM');
      await exit;
    },
  };
}

async function firstLine(child: ChildProcess): Promise<{ readonly urls: readonly string[] }> {
  const text = await new Promise<string>((done, failed) => {
    child.stdout?.setEncoding('utf8').once('data', done);
    child.once('exit', () => failed(new Error('the simulated cameras ended')));
  });
  return JSON.parse(text);
}
