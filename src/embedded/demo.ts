/**
 * What `npm start` runs when it was not given the real thing: Temporal, a store, two simulated cameras.
 *
 * 1. A second start finds everything the first one left: history, objects, keys, and ports where they are still free.
 * 2. Either all parts that were wanted run, or none does.
 * 3. A part that ends by itself is started again on its ports; recording does not wait for it (INV-4).
 */
import { join } from 'node:path';
import type { Logger } from '../log.js';
import type { BucketAddress } from './bucket-probe.js';
import { type CameraSimulator, startCameraSimulator } from './camera-simulator.js';
import { type DemoMemory, recallDemo, rememberDemo } from './demo-memory.js';
import { type KeptServer, keepRunning } from './kept-server.js';
import { type Seaweedfs, startSeaweedfs } from './seaweedfs.js';
import { startTemporalServer, type TemporalServer } from './temporal-server.js';
import type { ToolName } from './tool-verdict.js';

const CAMERAS = 2;
const BUCKET = 'camera-recordings';

/** Where the demo keeps everything, and which of its parts are wanted. */
export interface DemoOptions {
  /** `.data`; everything is below it. */
  readonly dataDir: string;
  /** Asked only for what is wanted. May throw. */
  readonly toolPath: (name: ToolName) => Promise<string>;
  readonly want: { readonly temporal: boolean; readonly store: boolean; readonly cameras: boolean };
  /** Default `camera-recordings`. */
  readonly bucket?: string;
  readonly log: Logger;
  /** Sentences for the person who waits. */
  readonly onProgress?: (what: string) => void;
  readonly signal?: AbortSignal;
  /** The built simulator; for tests. */
  readonly simulatorProgram?: string;
}

/** A part is null when it was not wanted. */
export interface DemoParts {
  readonly temporal: { readonly address: string; readonly namespace: string; readonly uiUrl: string } | null;
  /** `filesUrl`: its own listing of the bucket, for a browser. */
  readonly store: (BucketAddress & { readonly filesUrl: string }) | null;
  /** RTSP URLs with user and password: secrets (INV-7). */
  readonly cameraUrls: readonly string[] | null;
  /** Cameras first, then store and Temporal. Idempotent. */
  stop(): Promise<void>;
}

/** Nothing was wanted: nothing is remembered either, and `dataDir` is not made. */
const NO_PARTS: DemoParts = { temporal: null, store: null, cameraUrls: null, stop: async () => undefined };

/** Throws what a part throws, after stopping those that had started. */
export async function startDemoParts(options: DemoOptions): Promise<DemoParts> {
  if (!Object.values(options.want).includes(true)) return NO_PARTS;
  const memory = await recallDemo(options.dataDir);
  // Keys are on disk before a server knows them: a store once started keeps them for ever.
  await rememberDemo(options.dataDir, memory);
  const starting = {
    temporal: options.want.temporal ? keepTemporal(options, memory) : null,
    store: options.want.store ? keepStore(options, memory) : null,
    cameras: options.want.cameras ? keepCameras(options, memory) : null,
  };
  const stop = async (): Promise<void> => {
    await Promise.allSettled([starting.cameras].map(stopStarted));
    await Promise.allSettled([starting.store, starting.temporal].map(stopStarted));
  };
  try {
    const [temporal, store, cameras] = await Promise.all([starting.temporal, starting.store, starting.cameras]);
    const now = withPorts(memory, temporal?.first, store?.first, cameras?.first);
    await rememberDemo(options.dataDir, now);
    for (const line of movedPorts(memory.ports, now.ports)) options.onProgress?.(line);
    return {
      temporal: temporal && pickTemporal(temporal.first),
      store: store && pickAddress(store.first),
      cameraUrls: cameras && cameras.first.urls,
      stop,
    };
  } catch (error) {
    await stop();
    throw error;
  }
}

/** A part that did not start has nothing to stop; its error is told by the start. */
async function stopStarted(starting: Promise<{ stop(): Promise<void> }> | null): Promise<void> {
  const [part] = await Promise.allSettled([starting]);
  if (part.status === 'fulfilled') await part.value?.stop();
}

async function keepTemporal(options: DemoOptions, memory: DemoMemory): Promise<KeptServer<TemporalServer>> {
  const temporalPath = await options.toolPath('temporal');
  const dir = join(options.dataDir, 'temporal');
  return await keepRunning(
    async (before?: TemporalServer) =>
      await startTemporalServer({
        temporalPath,
        dbPath: join(dir, 'temporal.db'),
        logPath: join(dir, 'temporal.log'),
        ports: before?.ports ?? memory.ports.temporal,
        log: options.log,
        ...givenSignal(options),
      }),
    { name: 'temporal', log: options.log },
  );
}

async function keepStore(options: DemoOptions, memory: DemoMemory): Promise<KeptServer<Seaweedfs>> {
  const weedPath = await options.toolPath('weed');
  return await keepRunning(
    async (before?: Seaweedfs) =>
      await startSeaweedfs({
        weedPath,
        dir: join(options.dataDir, 'seaweedfs'),
        accessKeyId: memory.accessKeyId,
        secretAccessKey: memory.secretAccessKey,
        bucket: options.bucket ?? BUCKET,
        ports: before?.ports ?? memory.ports.seaweedfs,
        log: options.log,
        ...givenSignal(options),
      }),
    { name: 'seaweedfs', log: options.log },
  );
}

async function keepCameras(options: DemoOptions, memory: DemoMemory): Promise<KeptServer<CameraSimulator>> {
  const ffmpegPath = await options.toolPath('ffmpeg');
  return await keepRunning(
    async (before?: CameraSimulator) =>
      await startCameraSimulator({
        ffmpegPath,
        dir: join(options.dataDir, 'cameras'),
        cameras: CAMERAS,
        account: { user: memory.cameraUser, password: memory.cameraPassword },
        preferredPort: before?.firstPort ?? memory.ports.firstCamera,
        log: options.log,
        ...(options.onProgress === undefined ? {} : { onProgress: options.onProgress }),
        ...(options.simulatorProgram === undefined ? {} : { program: options.simulatorProgram }),
        ...givenSignal(options),
      }),
    { name: 'simulated cameras', log: options.log },
  );
}

function givenSignal(options: DemoOptions): { readonly signal?: AbortSignal } {
  return options.signal === undefined ? {} : { signal: options.signal };
}

function withPorts(
  memory: DemoMemory,
  temporal: TemporalServer | undefined,
  store: Seaweedfs | undefined,
  cameras: CameraSimulator | undefined,
): DemoMemory {
  return {
    ...memory,
    ports: {
      temporal: temporal?.ports ?? memory.ports.temporal,
      seaweedfs: store?.ports ?? memory.ports.seaweedfs,
      firstCamera: cameras?.firstPort ?? memory.ports.firstCamera,
    },
  };
}

/** Sentences for those ports that people know and that were taken. Pure. */
export function movedPorts(wanted: DemoMemory['ports'], used: DemoMemory['ports']): readonly string[] {
  const ports: readonly (readonly [string, number | undefined, number | undefined])[] = [
    ['Temporal', wanted.temporal.grpc, used.temporal.grpc],
    ["Temporal's Web UI", wanted.temporal.ui, used.temporal.ui],
    ['the store', wanted.seaweedfs.s3, used.seaweedfs.s3],
    ['the first simulated camera', wanted.firstCamera, used.firstCamera],
  ];
  return ports
    .filter(([, before, now]) => before !== undefined && before !== now)
    .map(([name, before, now]) => `Port ${before} is taken: ${name} listens on ${now}.`);
}

function pickTemporal({ address, namespace, uiUrl }: TemporalServer): NonNullable<DemoParts['temporal']> {
  return { address, namespace, uiUrl };
}

function pickAddress({ endpoint, bucket, accessKeyId, secretAccessKey, ports }: Seaweedfs): DemoParts['store'] {
  const filesUrl = `http://127.0.0.1:${ports.filer}/buckets/${bucket}/`;
  return { endpoint, bucket, accessKeyId, secretAccessKey, filesUrl };
}
