/**
 * The SeaweedFS that `npm start` and the tests run: one process, loopback only, asking nobody on the internet.
 *
 * 1. Killed and started again on the same directory and ports it serves what it had acknowledged.
 * 2. Ready means the bucket answers to the given key.
 * 3. Its filer port serves every object to anybody on this machine: it is for trying out, not for a shared host.
 */
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import type { Logger } from '../log.js';
import { type BucketAddress, isBucketServed } from './bucket-probe.js';
import { portFinder, startOnFreePorts, type WantedPorts } from './free-port.js';
import { type ServerProcess, startServerProcess, untilReady } from './server-process.js';

const READY_DEADLINE_MS = 30_000;
/** Every port has a gRPC port this much higher; the program derives it. */
const GRPC_OFFSET = 10_000;
/** Deleting frees space a volume at a time, and only with a whole volume's worth of it free. */
const VOLUME_SIZE_MB = 64;

interface SeaweedfsPorts {
  readonly s3: number;
  readonly master: number;
  readonly filer: number;
  readonly volume: number;
  readonly admin: number;
}

/** One life of it, with the address and keys its bucket answers to: a secret (INV-7). */
export interface Seaweedfs extends ServerProcess, BucketAddress {
  /** The ones in use, which are the wanted ones only if those were free. */
  readonly ports: SeaweedfsPorts;
}

interface SeaweedfsOptions {
  readonly weedPath: string;
  /** Made if missing; holds `data/`, `logs/` and what the program prints. */
  readonly dir: string;
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
  /** Made if missing. */
  readonly bucket: string;
  readonly ports?: WantedPorts<SeaweedfsPorts>;
  readonly log?: Logger;
  readonly signal?: AbortSignal;
}

/** Throws `EmbeddedError`; leaves no process behind when it throws. */
export async function startSeaweedfs(options: SeaweedfsOptions): Promise<Seaweedfs> {
  // Without its log folder the program complains and logs nothing.
  await mkdir(join(options.dir, 'logs'), { recursive: true });
  await mkdir(join(options.dir, 'data'), { recursive: true, mode: 0o700 });
  return await startOnFreePorts(
    async () => await chooseSeaweedfsPorts(options.ports ?? {}),
    async (ports) => await startOn(ports, options),
  );
}

async function startOn(ports: SeaweedfsPorts, options: SeaweedfsOptions): Promise<Seaweedfs> {
  const logPath = join(options.dir, 'weed.log');
  const server = await startServerProcess({
    name: 'SeaweedFS',
    file: options.weedPath,
    args: seaweedfsArgs(ports, options.dir),
    env: {
      AWS_ACCESS_KEY_ID: options.accessKeyId,
      AWS_SECRET_ACCESS_KEY: options.secretAccessKey,
      S3_BUCKET: options.bucket,
    },
    logPath,
  });
  const address: BucketAddress = {
    endpoint: `http://127.0.0.1:${ports.s3}`,
    bucket: options.bucket,
    accessKeyId: options.accessKeyId,
    secretAccessKey: options.secretAccessKey,
  };
  await untilReady(server, {
    name: 'SeaweedFS',
    ask: async (signal) => await isBucketServed(address, signal),
    deadlineMs: READY_DEADLINE_MS,
    logPath,
    signal: options.signal,
  });
  options.log?.info({ endpoint: address.endpoint, pid: server.pid }, 'seaweedfs is ready');
  return Object.assign(server, address, { ports });
}

async function chooseSeaweedfsPorts(wanted: WantedPorts<SeaweedfsPorts>): Promise<SeaweedfsPorts> {
  const findPort = portFinder();
  const find = async (preferred: number | undefined): Promise<number> =>
    await findPort({ preferred, alsoFreeAt: [GRPC_OFFSET] });
  return {
    s3: await find(wanted.s3),
    master: await find(wanted.master),
    filer: await find(wanted.filer),
    volume: await find(wanted.volume),
    admin: await find(wanted.admin),
  };
}

/** The command line without the program. All ports are named: an unnamed one would come from the last run's file. */
export function seaweedfsArgs(ports: SeaweedfsPorts, dir: string): readonly string[] {
  return [
    `-logdir=${join(dir, 'logs')}`,
    ...['mini', `-dir=${join(dir, 'data')}`, '-ip=127.0.0.1', '-ip.bind=127.0.0.1'],
    ...[`-s3.port=${ports.s3}`, `-master.port=${ports.master}`, `-filer.port=${ports.filer}`],
    ...[`-volume.port=${ports.volume}`, `-admin.port=${ports.admin}`],
    ...['-webdav=false', '-admin.ui=false', '-s3.port.iceberg=0', '-s3.port.lance=0', '-master.telemetry=false'],
    `-master.volumeSizeLimitMB=${VOLUME_SIZE_MB}`,
    // Empty volumes go back to the disk in minutes: the default sweep never returns them.
    ...['-master.vacuumIntervalSeconds=60', '-master.vacuumDeleteEmptyAfterSeconds=60'],
  ];
}
