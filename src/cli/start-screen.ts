import { byteWords, durationWords } from '../domain/local-time.js';

/** Where everything is, once it runs. */
export interface StartScreen {
  readonly version: string;
  /** Whose times are printed: `Europe/Berlin (UTC+01:00)`. */
  readonly zone: string;
  readonly pageUrl: string;
  readonly temporal: { readonly address: string; readonly namespace: string; readonly isEmbedded: boolean };
  readonly webUiUrl: string | null;
  readonly store: {
    readonly endpoint: string;
    readonly bucket: string;
    /** Its own listing of the bucket, for a browser; null when not known. */
    readonly filesUrl: string | null;
    readonly isEmbedded: boolean;
  };
  /** Those that are recorded. */
  readonly cameras: readonly string[];
  /** Which of them were started here. */
  readonly simulatedCameras: readonly string[];
  /** Of all cameras known, recorded or not. */
  readonly takenIds: readonly string[];
  /** Of a camera that is configured now. */
  readonly segmentDurationSec: number;
  /** Of those that are recorded: they keep what they were first configured with. */
  readonly recordedSegmentSec: readonly number[];
  readonly bytesPerHour: number;
  /** Of a store that was given; null when nobody said. */
  readonly capacityBytes: number | null;
  /** No retention is set, for any camera. */
  readonly isEverythingKept: boolean;
  readonly spoolDir: string;
  /** Free on its disk, over what must stay free. */
  readonly spoolRoomBytes: number;
  /** Holds everything embedded; null when nothing is. */
  readonly dataDir: string | null;
  readonly maxDataBytes: number;
  /** Where a file makes a secret; null when secrets are only in the environment. */
  readonly secretsDir: string | null;
  /** How the Temporal CLI is called here. */
  readonly temporalCommand: string;
}

/** One screen: what runs where, what it costs, what to try next. Pure. */
export function startScreen(screen: StartScreen): string {
  return [
    `camera-recorder ${screen.version} runs. Ctrl-C stops it in order; a second Ctrl-C at once.`,
    '',
    ...placeLines(screen),
    '',
    costLine(screen),
    '',
    'Try next, in another terminal, in this folder:',
    ...tryLines(screen),
    '',
  ].join('\n');
}

function placeLines(screen: StartScreen): readonly string[] {
  const { temporal, store } = screen;
  const rows: readonly (readonly [string, string])[] = [
    ['Status page', `${screen.pageUrl}/`],
    ...(screen.webUiUrl === null ? [] : [['Temporal Web UI', screen.webUiUrl] as const]),
    ['Temporal', `${temporal.address}, namespace ${temporal.namespace}${embedded(temporal.isEmbedded)}`],
    ['Store (S3)', `${store.endpoint}, bucket ${store.bucket}${embedded(store.isEmbedded)}`],
    ...(store.filesUrl === null ? [] : [['Recordings', `${store.filesUrl} (appear as each segment ends)`] as const]),
    ['Metrics', `${screen.pageUrl}/metrics, beside /health and /ready`],
    ['Spool', `${screen.spoolDir}${roomWords(screen)}`],
    ['Times', screen.zone],
    ['Cameras', cameraWords(screen)],
  ];
  return rows.map(([name, place]) => `  ${name.padEnd(16)} ${place}`);
}

/** Of one that a limit of its own does not end before. */
function roomWords({ spoolRoomBytes, bytesPerHour, dataDir }: StartScreen): string {
  if (dataDir !== null) return '';
  const lastsMs = (Math.max(0, spoolRoomBytes) / Math.max(1, bytesPerHour)) * 3_600_000;
  return ` (room for about ${durationWords(lastsMs)} while the store is away)`;
}

function cameraWords({ cameras, simulatedCameras }: StartScreen): string {
  const simulated = new Set(simulatedCameras);
  if (cameras.length > 0 && cameras.every((id) => simulated.has(id))) return `${cameras.join(', ')} (simulated)`;
  return cameras.map((id) => (simulated.has(id) ? `${id} (simulated)` : id)).join(', ');
}

/** The first of `camera-1`, `camera-2`, … that nobody has. */
function freeId({ takenIds, cameras }: StartScreen): string {
  const taken = new Set([...takenIds, ...cameras]);
  let number = 1;
  while (taken.has(`camera-${number}`)) number += 1;
  return `camera-${number}`;
}

function costLine(screen: StartScreen): string {
  const rate = `It writes about ${byteWords(screen.bytesPerHour)} an hour, in segments of ${segmentWords(screen)} s.`;
  if (screen.dataDir === null) return `${rate}${keptWords(screen)}`;
  return `${rate} Everything started here is under ${screen.dataDir}; recording stops when that holds ${byteWords(screen.maxDataBytes)}.`;
}

function keptWords({ isEverythingKept, capacityBytes, bytesPerHour }: StartScreen): string {
  if (!isEverythingKept) return '';
  const unset = 'RETENTION_DAYS and RETENTION_BYTES are not set';
  if (capacityBytes === null) {
    return ` Nothing of it is ever deleted: ${unset}, nor is S3_CAPACITY_BYTES, which would tell when the store is full.`;
  }
  const fullInMs = (capacityBytes / Math.max(1, bytesPerHour)) * 3_600_000;
  return ` At that rate an empty store of ${byteWords(capacityBytes)} (S3_CAPACITY_BYTES) is full in about ${durationWords(fullInMs)}, and nothing is ever deleted: ${unset}.`;
}

function segmentWords({ recordedSegmentSec, segmentDurationSec }: StartScreen): string {
  const lengths = [...new Set(recordedSegmentSec)].sort((a, b) => a - b);
  return lengths.length === 0 ? String(segmentDurationSec) : lengths.join(' and ');
}

function tryLines(screen: StartScreen): readonly string[] {
  const temporal = (verb: string, rest: string): string =>
    `    ${screen.temporalCommand} workflow ${verb}${serverFlags(screen.temporal)} ${rest}`;
  const next = freeId(screen);
  const first = screen.cameras[0] ?? 'camera-1';
  const segment = screen.segmentDurationSec === 900 ? '' : `,"segmentDurationSec":${screen.segmentDurationSec}`;
  const input = `'{"spec":{"source":{"kind":"secret","name":"${next}"}${segment}}}'`;
  return [
    '  the state of every camera, as on the status page',
    `    npx camera-recorder status${isUsualPage(screen.pageUrl) ? '' : ` --url ${screen.pageUrl}`}`,
    '  pause a camera, and go on',
    temporal('update execute', `--workflow-id ${first} --name pause`),
    temporal('update execute', `--workflow-id ${first} --name resume`),
    '  add a camera of yours (the URL is the secret: it goes to no command line and no history)',
    ...(screen.secretsDir === null
      ? [`    give the recorder ${next.toUpperCase().replace('-', '')}_RTSP_URL when it is started, then`]
      : [
          `    (umask 077; cat > ${screen.secretsDir}/${next})   # type rtsp://user:password@address:554/stream1, then Ctrl-D`,
        ]),
    temporal(
      'start',
      `--type Camera --task-queue camera-recorder --workflow-id ${next} --fail-existing --input ${input}`,
    ),
  ];
}

/** `status` looks there by itself. */
function isUsualPage(pageUrl: string): boolean {
  return pageUrl === 'http://127.0.0.1:9090';
}

/** Nothing where the Temporal CLI looks by itself. */
function serverFlags({ address, namespace }: StartScreen['temporal']): string {
  const isUsual = address === '127.0.0.1:7233' || address === 'localhost:7233';
  return `${isUsual ? '' : ` --address ${address}`}${namespace === 'default' ? '' : ` --namespace ${namespace}`}`;
}

function embedded(isEmbedded: boolean): string {
  return isEmbedded ? ' (started here)' : '';
}
