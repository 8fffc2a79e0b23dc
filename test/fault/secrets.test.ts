/**
 * Passwords with every awkward character, right and wrong, and where they can be read afterwards: nowhere (INV-7). Every
 * collector is also asked for something that must be there, so that one that sees nothing fails.
 */
import { mkdir, readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { beforeAll, describe, expect, inject, it } from 'vitest';
import type { CameraId } from '../../src/domain/ids.js';
import type { SimulatedCamera } from '../../src/simulator/simulated-camera.js';
import { afterFile } from '../support/after-file.js';
import { openTemporalView, type TemporalView } from '../support/camera-workflow.js';
import { familyOf } from '../support/processes.js';
import { type RecorderSystem, startSystem } from '../support/recorder-system.js';
import { findSecrets, type Place, place } from '../support/secret-search.js';
import { tempDirUntil } from '../support/temp-dir.js';
import { waitFor } from '../support/wait-for.js';

const AWKWARD = `"' @:/?#%&+=;$\`{}[]|<>^~!*()\\\\é%41`;
const RIGHT_PASSWORD = `Zq7RightCore${AWKWARD}`;
/** Given as people write it, not encoded: up to each of its `#` it might be the address of a camera. */
const WRONG_PASSWORD = `Zq7WrongCore@Zq7WrongHost#${AWKWARD.replace(' ', '')}`;
const SEGMENT_SEC = 5;
const S3_SECRET = inject('s3').secretAccessKey;
const SECRETS = [RIGHT_PASSWORD, WRONG_PASSWORD, S3_SECRET];

let system: RecorderSystem;
let temporal: TemporalView;
let reportDir: string;
let recorded: CameraId;
let refused: CameraId;
/** Of every process of the program, since its first. */
const commands = new Map<number, string>();

beforeAll(async () => {
  const secretsDir = await tempDirUntil(afterFile, 'secrets');
  reportDir = await tempDirUntil(afterFile, 'reports');
  const preload = join(reportDir, 'report-on-signal.mjs');
  await writeFile(
    preload,
    `process.on('SIGWINCH', () => process.report.writeReport(${JSON.stringify(reportDir)} + '/' + process.pid + '.json'));`,
  );
  system = await startSystem({
    register: afterFile,
    cameras: [
      { user: 'admin', password: RIGHT_PASSWORD },
      { user: 'admin', password: 'another' },
    ],
    segmentSec: SEGMENT_SEC,
    env: {
      CAMERA_SECRETS_DIR: secretsDir,
      LOG_LEVEL: 'trace',
      NODE_OPTIONS: `--import=${preload}`,
      READINESS_POLICY: 'any',
    },
  });
  [recorded, refused] = system.ids as [CameraId, CameraId];
  const wrongUrl = (system.cameras[1] as SimulatedCamera).urlWithoutUserinfo.replace(
    '//',
    () => `//admin:${WRONG_PASSWORD}@`,
  );
  await writeFile(join(secretsDir, refused), wrongUrl);
  const { address } = inject('temporal');
  temporal = await openTemporalView({ address, namespace: system.namespace, register: afterFile });
  const watching = setInterval(() => void noteCommands(), 100);
  afterFile(async () => clearInterval(watching));
  await waitFor(async () => (await system.stored(recorded)).length >= 2, { what: 'two segments', deadlineMs: 60_000 });
  await waitFor(async () => (await temporal.currentDetails(refused)).includes('401'), {
    what: 'the workflow of the other camera to say that it is refused',
    deadlineMs: 60_000,
    pollMs: 250,
  });
}, 150_000);

it('a password with every awkward character records', async () => {
  expect((await system.audit(0)).missing).toEqual([]);
  expect((system.cameras[0] as SimulatedCamera).attempts.filter(({ outcome }) => outcome === 'rejected')).toEqual([]);
});

it('a wrong one like it was refused by its camera', () => {
  const outcomes = (system.cameras[1] as SimulatedCamera).attempts.map(({ outcome }) => outcome);
  expect(outcomes).toContain('rejected');
  expect(outcomes).not.toContain('accepted');
});

describe('no secret can be read', () => {
  it.each<readonly [string, () => Promise<readonly Place[]>, readonly string[]]>([
    ['on any command line', commandLines, ['worker --role all', 'worker-process', 'pipe:4']],
    ["in FFmpeg's environment", ffmpegEnvironments, ['TZ=UTC']],
    [
      'in what the program printed, at level trace',
      async () => [place('output', system.recorder.output())],
      ['camera-2'],
    ],
    ['on its pages', pages, ['camera_stream_connected', 'refuses the user or the password', '"headline"']],
    ['in what Temporal keeps', workflows, ['"name":"camera-1"', 'UploadSegment', '401']],
    ['in the bucket', objects, ['camera-1', 'ftyp']],
    ['in the spool', spoolFiles, ['"camera-2"', 'ftyp']],
    ['in diagnostic reports of keeper and worker', reports, ['S3_ENDPOINT', 'javascriptStack']],
  ])('%s', async (_where, collect, mustBeThere) => {
    const places = await collect();
    for (const text of mustBeThere) {
      expect(
        places.some(({ bytes }) => bytes.includes(text)),
        `the search sees ${text}`,
      ).toBe(true);
    }
    expect(findSecrets(places, SECRETS)).toEqual([]);
  });

  it('and the search finds each of those planted in the spool, in any form', async () => {
    const planted = [
      RIGHT_PASSWORD,
      `rtsp://admin:${encodeURIComponent(RIGHT_PASSWORD)}@camera/`,
      JSON.stringify({ url: RIGHT_PASSWORD }),
      Buffer.from(`rtsp://admin:${RIGHT_PASSWORD}@camera`).toString('base64'),
      S3_SECRET,
    ];
    const dir = join(system.spoolDir, 'quarantine', 'planted');
    await mkdir(dir, { recursive: true });
    await Promise.all(planted.map(async (text, index) => await writeFile(join(dir, `${index}`), `of ${text} it`)));
    const found = findSecrets(await spoolFiles(), SECRETS);
    for (const index of planted.keys()) expect(found.join('\n')).toContain(`planted/${index}: secret`);
  });
});

it('leaves no core file: neither keeper, worker nor FFmpeg may write one', async () => {
  const { recorder } = system;
  const pids = [recorder.keeper.pid, recorder.workerPid(), ...recorder.ffmpegPids()];
  expect(pids.length).toBeGreaterThanOrEqual(3);
  for (const pid of pids) {
    const limits = await readFile(`/proc/${pid}/limits`, 'utf8');
    expect(limits).toMatch(/^Max core file size +0 +0 +bytes/m);
  }
});

async function noteCommands(): Promise<void> {
  for (const { pid, command } of await familyOf(system.recorder.keeper.pid)) {
    // A process may become another program: setpriv becomes FFmpeg.
    if (!(commands.get(pid) ?? '').includes(command)) commands.set(pid, `${commands.get(pid) ?? ''}\n${command}`);
  }
}

async function commandLines(): Promise<readonly Place[]> {
  await noteCommands();
  return [...commands].map(([pid, command]) => place(`command line of ${pid}`, command));
}

async function ffmpegEnvironments(): Promise<readonly Place[]> {
  const pids = system.recorder.ffmpegPids();
  return await Promise.all(
    pids.map(async (pid) => place(`environment of ${pid}`, await readFile(`/proc/${pid}/environ`))),
  );
}

async function pages(): Promise<readonly Place[]> {
  const paths = ['/', '/status.json', '/metrics', '/ready', '/health'];
  return await Promise.all(paths.map(async (path) => place(path, (await system.recorder.page(path)) ?? '')));
}

async function workflows(): Promise<readonly Place[]> {
  const kept = await temporal.everything();
  return kept.map(({ id, text }) => place(`workflow ${id}`, text));
}

async function objects(): Promise<readonly Place[]> {
  const places: Place[] = [];
  const signal = AbortSignal.timeout(30_000);
  for await (const { key, sizeBytes } of system.store.list('', signal)) {
    const head = await system.store.head(key, signal);
    places.push(place(`metadata of ${key}`, JSON.stringify(head?.metadata)));
    places.push(place(`object ${key}`, await system.store.read(key, { offsetBytes: 0, sizeBytes }, signal)));
  }
  return places;
}

/** All but the log of an FFmpeg that runs: it prints URLs on errors, and is deleted when it ends. */
async function spoolFiles(): Promise<readonly Place[]> {
  const running = [...commands.keys()].filter((pid) => system.recorder.ffmpegPids().includes(pid));
  expect(running.length).toBeGreaterThan(0);
  const entries = await readdir(system.spoolDir, { recursive: true, withFileTypes: true });
  const files = entries.filter((entry) => entry.isFile()).map((entry) => join(entry.parentPath, entry.name));
  const open = files.filter((path) => path.endsWith('/ffmpeg.log'));
  expect(open.every((path) => path.includes(`/open/${recorded}/`))).toBe(true);
  expect(open).toHaveLength(running.length);
  const closed = files.filter((path) => !open.includes(path));
  const read = closed.map(async (path) => place(path, await readFile(path).catch(() => Buffer.alloc(0))));
  return await Promise.all(read);
}

/** As an operator's tool would make them; those of the check that ran before are asked for too late. */
async function reports(): Promise<readonly Place[]> {
  const pids = [system.recorder.keeper.pid, system.recorder.workerPid()];
  for (const pid of pids) process.kill(pid ?? 0, 'SIGWINCH');
  return await waitFor(
    async () => {
      const read = pids.map(async (pid) => {
        const text = await readFile(join(reportDir, `${pid}.json`), 'utf8');
        JSON.parse(text);
        return place(`report of ${pid}`, text);
      });
      return await Promise.all(read);
    },
    { what: 'both reports', deadlineMs: 20_000, pollMs: 100 },
  );
}
