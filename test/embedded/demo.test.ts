import { mkdir, readFile, stat, writeFile } from 'node:fs/promises';
import { connect } from 'node:net';
import { join } from 'node:path';
import { pino } from 'pino';
import { type TestContext, test } from 'vitest';
import { isBucketServed } from '../../src/embedded/bucket-probe.js';
import { type DemoOptions, movedPorts, startDemoParts } from '../../src/embedded/demo.js';
import { createLogger } from '../../src/log.js';
import { tempDirUntil } from '../support/temp-dir.js';
import { toolPath } from '../support/tools.js';
import { waitFor } from '../support/wait-for.js';

/** Speaks like the simulator, listens like cameras, shows nothing: drawing the picture takes longer than this test may. */
const STAND_IN = `
import { createServer } from 'node:net';
const option = (name) => process.argv[process.argv.indexOf(name) + 1];
process.send({ kind: 'making-picture', share: 0.5 });
const first = Number(option('--port'));
const password = process.env[option('--password-env')];
const urls = [];
for (let port = first; port < first + Number(option('--cameras')); port += 1) {
  await new Promise((done) => createServer((socket) => socket.end(password)).listen(port, '127.0.0.1', done));
  urls.push('rtsp://127.0.0.1:' + port + '/stream1');
}
process.send({ kind: 'serving', urls });
process.on('disconnect', () => process.exit(0)).on('SIGTERM', () => process.exit(0));
`;

async function demoOptions(
  onTestFinished: TestContext['onTestFinished'],
): Promise<DemoOptions & { readonly progress: string[] }> {
  const dir = await tempDirUntil(onTestFinished);
  const simulatorProgram = join(dir, 'simulator.mjs');
  await writeFile(simulatorProgram, STAND_IN);
  const progress: string[] = [];
  return {
    dataDir: join(dir, '.data'),
    toolPath: (name) => Promise.resolve(toolPath(name)),
    want: { temporal: true, store: true, cameras: true },
    log: createLogger({ level: 'silent', name: 'test' }),
    onProgress: (what) => void progress.push(what),
    simulatorProgram,
    progress,
  };
}

test.concurrent('a demo starts what is wanted, and a second start finds its keys and its ports', async ({
  expect,
  onTestFinished,
}) => {
  const options = await demoOptions(onTestFinished);
  const first = await startDemoParts(options);
  onTestFinished(() => first.stop());
  expect(first.temporal?.namespace).toBe('default');
  expect(await isBucketServed(first.store!, AbortSignal.timeout(2_000))).toBe(true);
  expect(first.cameraUrls).toHaveLength(2);
  const camera = new URL(first.cameraUrls![1]!);
  expect(await readAll(Number(camera.port))).toBe(camera.password);
  expect(options.progress).toContain('Drawing what the simulated cameras see (once): 50 %');

  const memory = join(options.dataDir, 'demo.json');
  expect((await stat(memory)).mode & 0o777).toBe(0o600);
  expect(await readFile(memory, 'utf8')).toContain(camera.password);

  await first.stop();
  expect(await isBucketServed(first.store!, AbortSignal.timeout(2_000))).toBe(false);
  const second = await startDemoParts(options);
  onTestFinished(() => second.stop());
  const { stop: _first, ...firstParts } = first;
  const { stop: _second, ...secondParts } = second;
  expect(secondParts).toEqual(firstParts);
});

test.concurrent('what was not wanted is not started, nor its program looked for', async ({
  expect,
  onTestFinished,
}) => {
  const options = await demoOptions(onTestFinished);
  const asked: string[] = [];
  const parts = await startDemoParts({
    ...options,
    want: { temporal: true, store: false, cameras: false },
    toolPath: async (name) => {
      asked.push(name);
      return await options.toolPath(name);
    },
  });
  onTestFinished(() => parts.stop());
  expect(parts).toMatchObject({ store: null, cameraUrls: null });
  expect(asked).toEqual(['temporal']);
});

test.concurrent('when one part does not start, the others are stopped and its reason is told', async ({
  expect,
  onTestFinished,
}) => {
  const options = await demoOptions(onTestFinished);
  await writeFile(options.simulatorProgram!, 'process.exit(4);');
  const { log, storePids } = storeLog();
  const want = { temporal: false, store: true, cameras: true };
  const starting = startDemoParts({ ...options, log, want });
  await expect(starting).rejects.toMatchObject({ code: 'server-died', message: expect.stringContaining('code 4') });
  expect(storePids).toHaveLength(1);
  expect(() => process.kill(storePids[0]!, 0)).toThrow('ESRCH');
});

test.concurrent('a store that is killed comes back with its bucket while the demo runs', {
  timeout: 60_000,
}, async ({ onTestFinished }) => {
  const options = await demoOptions(onTestFinished);
  const { log, storePids } = storeLog();
  const parts = await startDemoParts({ ...options, log, want: { temporal: false, store: true, cameras: false } });
  onTestFinished(() => parts.stop());
  const served = () => isBucketServed(parts.store!, AbortSignal.timeout(1_000));
  process.kill(storePids[0]!, 'SIGKILL');
  await waitFor(async () => !(await served()), { what: 'the store to go', deadlineMs: 5_000 });
  // A second try follows the first after 10 s, should that meet a busy machine.
  await waitFor(served, { what: 'the store to come back', deadlineMs: 30_000 });
  await waitFor(() => storePids.length === 2, { what: 'its new process in the log', deadlineMs: 1_000 });
});

test.concurrent('a demo whose notes cannot be read says which file, and changes nothing', async ({
  expect,
  onTestFinished,
}) => {
  const options = await demoOptions(onTestFinished);
  await mkdir(options.dataDir);
  const memory = join(options.dataDir, 'demo.json');
  await writeFile(memory, '{"accessKeyId": 7}');
  await expect(startDemoParts(options)).rejects.toThrow(memory);
  expect(await readFile(memory, 'utf8')).toBe('{"accessKeyId": 7}');
});

test('only ports that people know, and that were taken, are told', ({ expect }) => {
  const wanted = { temporal: { grpc: 7233, ui: 8233 }, seaweedfs: { s3: 8333 }, firstCamera: 8554 };
  const used = { temporal: { grpc: 12_345, ui: 8233, http: 1 }, seaweedfs: { s3: 8333, filer: 2 }, firstCamera: 8554 };
  expect(movedPorts(wanted, used)).toEqual(['Port 7233 is taken: Temporal listens on 12345.']);
});

function storeLog(): { readonly log: DemoOptions['log']; readonly storePids: readonly number[] } {
  const storePids: number[] = [];
  const write = (line: string): void => {
    const { msg, pid } = JSON.parse(line) as { msg: string; pid: number };
    if (msg === 'seaweedfs is ready') storePids.push(pid);
  };
  return { log: pino({ base: null }, { write }), storePids };
}

async function readAll(port: number): Promise<string> {
  const chunks: Buffer[] = [];
  for await (const chunk of connect({ port, host: '127.0.0.1' })) chunks.push(chunk as Buffer);
  return Buffer.concat(chunks).toString();
}
