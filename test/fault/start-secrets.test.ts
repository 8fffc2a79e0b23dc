/**
 * A camera's password given to `start` is with the recorder alone: no server that `start` runs sees it, and no diagnostic report of
 * `start` or its keeper holds it (INV-7).
 */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { beforeAll, expect, it } from 'vitest';
import { loadPicture } from '../../src/simulator/picture.js';
import { createSimulatedCamera } from '../../src/simulator/simulated-camera.js';
import { afterFile } from '../support/after-file.js';
import { freePort } from '../support/ports.js';
import { familyOf, type SeenProcess } from '../support/processes.js';
import { findSecrets, type Place, place } from '../support/secret-search.js';
import { tempDirUntil } from '../support/temp-dir.js';
import { toolPath } from '../support/tools.js';
import { waitFor } from '../support/wait-for.js';

const MAIN = fileURLToPath(new URL('../../dist/cli/main.js', import.meta.url));
const CACHE_DIR = fileURLToPath(new URL('../../.cache/', import.meta.url));
const PASSWORD = 'Zq7StartCore@:/?#%&';
const API_KEY = 'Zq7CloudKeyOfSomebodyElse';
/** Given as they are, so their own first environment has them. */
const NEED_THEM = /^\S*node\S* (?:\S+ )*\S*(?:main\.js (?:start|worker)|worker-process\.js)/;

let start: ChildProcess;
let said = '';
let reportDir: string;
let family: readonly SeenProcess[];

beforeAll(async () => {
  const dir = await tempDirUntil(afterFile, 'start');
  reportDir = await tempDirUntil(afterFile, 'reports');
  const preload = join(reportDir, 'report-on-signal.mjs');
  await writeFile(
    preload,
    `process.on('SIGWINCH', () => process.report.writeReport(${JSON.stringify(reportDir)} + '/' + process.pid + '.json'));`,
  );
  const picture = await loadPicture('small', { ffmpegPath: toolPath('ffmpeg'), cacheDir: CACHE_DIR });
  const camera = await createSimulatedCamera({ picture, user: 'admin', password: PASSWORD });
  afterFile(async () => await camera.close());
  start = spawn(process.execPath, [MAIN, 'start'], {
    cwd: dir,
    env: {
      PATH: process.env['PATH'],
      HOME: dir,
      METRICS_PORT: String(await freePort()),
      CAMERA1_RTSP_URL: camera.url,
      TEMPORAL_GRPC_META_AUTHORIZATION: API_KEY,
      NODE_OPTIONS: `--import=${preload}`,
    },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  for (const stream of [start.stdout, start.stderr]) {
    stream?.setEncoding('utf8').on('data', (text: string) => {
      said += text;
    });
  }
  const ended = once(start, 'exit');
  afterFile(async () => {
    start.kill('SIGTERM');
    await ended;
  });
  const isRecording = (): boolean => said.includes('camera-1: recording');
  await waitFor(isRecording, { what: 'the camera to be recorded', deadlineMs: 60_000 }).catch((error: unknown) => {
    throw new Error(`${String(error)}; start said:\n${said}`);
  });
  family = await familyOf(start.pid);
}, 90_000);

it('runs Temporal, a store, the recorder and an FFmpeg', () => {
  for (const program of ['start-dev', 'mini', 'main.js worker', 'worker-process.js', 'ffmpeg']) {
    expect(commandsOf(family)).toContain(program);
  }
});

it('shows no secret in the environment of what it runs, but to the recorder', async () => {
  const others = family.filter(({ command }) => !NEED_THEM.test(command));
  expect(others.length).toBeGreaterThanOrEqual(3);
  const places = await Promise.all(
    others.map(async ({ pid, command }) => place(`environment of ${command}`, await readFile(`/proc/${pid}/environ`))),
  );
  expect(places.some(({ bytes }) => bytes.includes('AWS_ACCESS_KEY_ID'))).toBe(true);
  expect(findSecrets(places, [PASSWORD, API_KEY])).toEqual([]);
});

it('shows none on a command line, and prints none', () => {
  const places = [...family.map(({ pid, command }) => place(`command line of ${pid}`, command)), place('output', said)];
  expect(findSecrets(places, [PASSWORD, API_KEY])).toEqual([]);
});

it('shows none in diagnostic reports of itself, the keeper and the worker', async () => {
  const nodes = family.filter(({ command }) => NEED_THEM.test(command) && !command.startsWith('setpriv'));
  expect(nodes).toHaveLength(3);
  const places = await reportsOf(nodes);
  expect(places.every(({ bytes }) => bytes.includes('javascriptStack'))).toBe(true);
  expect(findSecrets(places, [PASSWORD, API_KEY])).toEqual([]);
});

it('leaves no core file, whichever of them crashes', async () => {
  for (const { pid } of family) {
    expect(await readFile(`/proc/${pid}/limits`, 'utf8')).toMatch(/^Max core file size +0 +0 +bytes/m);
  }
});

function commandsOf(processes: readonly SeenProcess[]): string {
  return processes.map(({ command }) => command).join('\n');
}

async function reportsOf(processes: readonly SeenProcess[]): Promise<readonly Place[]> {
  for (const { pid } of processes) process.kill(pid, 'SIGWINCH');
  return await waitFor(
    async () => {
      const read = processes.map(async ({ pid, command }) => {
        const text = await readFile(join(reportDir, `${pid}.json`), 'utf8');
        JSON.parse(text);
        return place(`report of ${command}`, text);
      });
      return await Promise.all(read);
    },
    { what: 'the reports', deadlineMs: 20_000, pollMs: 100 },
  );
}
