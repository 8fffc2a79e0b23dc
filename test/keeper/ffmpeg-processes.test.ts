import { symlink } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { parseCameraId, sessionIdOf } from '../../src/domain/ids.js';
import { FfmpegProcesses } from '../../src/keeper/ffmpeg-processes.js';
import type { ProcessExit } from '../../src/keeper/keeper-client.js';
import type { SpawnRequest } from '../../src/keeper/protocol.js';
import { temporaryFolder } from './keeper-harness.js';

async function processesOf(searchPath: string) {
  const messages: string[] = [];
  const exits: ProcessExit[] = [];
  const processes = new FfmpegProcesses({
    log: (_level, message) => messages.push(message),
    onExited: (exit) => exits.push(exit),
    searchPath,
    spoolDir: '/spool',
  });
  onTestFinished(() => processes.stopAll(0, new AbortController().signal));
  return { processes, messages, exits, folder: await temporaryFolder() };
}

function sleepIn(folder: string, number: number): SpawnRequest {
  const session = sessionIdOf(0, number / 0x10000);
  return {
    session,
    camera: parseCameraId(`camera-${number}`),
    argv: ['sleep', '60'],
    ffconcat: '',
    cwd: join(folder, session),
  };
}

test('without setpriv recordings start all the same, and that is warned about once', async () => {
  const bin = await temporaryFolder();
  await symlink('/bin/sleep', join(bin, 'sleep'));
  const { processes, messages, folder } = await processesOf(bin);
  await processes.spawn(sleepIn(folder, 1));
  await processes.spawn(sleepIn(folder, 2));
  expect(await processes.list()).toHaveLength(2);
  expect(messages).toEqual([expect.stringMatching(/^no setpriv/)]);
});

test('an exit stays until it was heard, and its session is not started again before', async () => {
  const { processes, exits, folder } = await processesOf(process.env['PATH'] ?? '');
  const request = sleepIn(folder, 1);
  await processes.spawn(request);
  processes.signal(request.session, 'SIGKILL');
  await expect.poll(() => exits.length, { timeout: 10_000 }).toBe(1);
  expect(processes.unheard()).toEqual([{ session: request.session, code: null, signal: 'SIGKILL' }]);
  await expect(processes.spawn(request)).rejects.toMatchObject({ code: 'session-ended' });
  processes.heard(request.session);
  expect(processes.unheard()).toEqual([]);
});

test('the list waits for what is being started', async () => {
  const { processes, folder } = await processesOf(process.env['PATH'] ?? '');
  const spawning = processes.spawn(sleepIn(folder, 1));
  expect(await processes.list()).toEqual([await spawning]);
});

test('a folder that cannot be made fails the spawn with its errno, and the camera is free again', async () => {
  const { processes, folder } = await processesOf(process.env['PATH'] ?? '');
  const request = sleepIn(folder, 1);
  await expect(processes.spawn({ ...request, cwd: '/dev/null/session' })).rejects.toMatchObject({ code: 'ENOTDIR' });
  await processes.spawn(request);
});

test('nothing is started once the keeper is shutting down', async () => {
  const { processes, folder } = await processesOf(process.env['PATH'] ?? '');
  processes.refuseSpawns();
  await expect(processes.spawn(sleepIn(folder, 1))).rejects.toMatchObject({ code: 'shutting-down' });
});
