import { EventEmitter } from 'node:events';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { describe, expect, onTestFinished, test, vi } from 'vitest';
import { parseCameraId, parseSessionId } from '../../src/domain/ids.js';
import { createKeeperClient, type KeeperChannel, type ProcessExit } from '../../src/keeper/keeper-client.js';
import type { KeeperEvent, KeeperRequest } from '../../src/keeper/protocol.js';

const session = parseSessionId('20251214T013002Z-7f3a');
const camera = parseCameraId('camera-1');
const process = { session, camera, pid: 1, startedAtMs: 2 };

/** The keeper's end, played by the test. */
class Channel extends EventEmitter implements KeeperChannel {
  connected = true;
  readonly sent: KeeperRequest[] = [];
  send(message: KeeperRequest, callback?: (error: Error | null) => void): boolean {
    this.sent.push(message);
    callback?.(null);
    return true;
  }
  say(event: KeeperEvent | Readonly<Record<string, unknown>>): void {
    this.emit('message', event);
  }
  kinds(): readonly string[] {
    return this.sent.map(({ kind }) => kind);
  }
  lastId(): number {
    const last = this.sent.at(-1);
    return last !== undefined && 'id' in last ? last.id : 0;
  }
}

function connected(options = {}) {
  const channel = new Channel();
  const client = createKeeperClient(channel, options);
  onTestFinished(() => client.close());
  return { channel, client };
}

describe('requests', () => {
  test('are matched to their answers by id, whatever the order', async () => {
    const { channel, client } = connected();
    const [list, signal] = [client.list(), client.signal(session, 'SIGTERM')];
    channel.say({ kind: 'signalled', id: 2, delivered: true });
    channel.say({ kind: 'listed', id: 99, processes: [] });
    channel.say({ kind: 'listed', id: 1, processes: [process] });
    expect([await signal, await list]).toEqual([true, [process]]);
  });

  test('that the keeper refuses reject with its code', async () => {
    const { channel, client } = connected();
    const spawn = client.spawn({ session, camera, argv: ['ffmpeg'], ffconcat: '', cwd: '/' });
    channel.say({ kind: 'spawn-failed', id: channel.lastId(), code: 'already-recording', message: 'camera-1 has one' });
    await expect(spawn).rejects.toMatchObject({ code: 'already-recording', message: 'camera-1 has one' });
  });

  test('without an answer reject at their deadline', async () => {
    const { client } = connected({ requestTimeoutMs: 20 });
    await expect(client.list()).rejects.toMatchObject({ code: 'no-answer' });
  });

  test('to spawn that were given up and succeed late are left to whoever asked: nothing is ended', async () => {
    const { channel, client } = connected({ requestTimeoutMs: 20 });
    const spawn = client.spawn({ session, camera, argv: ['ffmpeg'], ffconcat: '', cwd: '/' });
    await expect(spawn).rejects.toMatchObject({ code: 'no-answer' });
    channel.say({ kind: 'spawned', id: 1, process });
    expect(channel.kinds()).toEqual(['alive', 'spawn']);
  });

  test('reject when the keeper goes, and everything after it at once', async () => {
    const { channel, client } = connected();
    const list = client.list();
    channel.connected = false;
    channel.emit('disconnect');
    await expect(list).rejects.toMatchObject({ code: 'disconnected' });
    await expect(client.list()).rejects.toMatchObject({ code: 'disconnected' });
    expect(client.disconnected.aborted).toBe(true);
  });

  test('reject when the message cannot be sent', async () => {
    const { channel, client } = connected();
    vi.spyOn(channel, 'send').mockImplementation((_message, callback) => {
      callback?.(new Error('EPIPE'));
      return false;
    });
    await expect(client.list()).rejects.toMatchObject({ code: 'disconnected' });
  });
});

describe('exits', () => {
  const exited = { kind: 'exited', session, code: 255, signal: null } as const;

  test('that come before the listener wait for it, and are told once', async () => {
    const { channel, client } = connected();
    const heard: ProcessExit[] = [];
    channel.say(exited);
    expect(channel.kinds()).not.toContain('heard');
    client.onExited(async (exit) => void heard.push(exit));
    channel.say(exited);
    expect(heard).toEqual([{ session, code: 255, signal: null }]);
    await vi.waitFor(() => expect(channel.kinds().filter((kind) => kind === 'heard')).toHaveLength(2));
  });

  test('are acknowledged only when what the listener began is done', async () => {
    const { channel, client } = connected();
    let finish: () => void = () => undefined;
    const done = new Promise<void>((resolve) => {
      finish = resolve;
    });
    client.onExited(async () => await done);
    channel.say(exited);
    channel.say(exited);
    await nextTurn();
    expect(channel.kinds()).not.toContain('heard');
    finish();
    await vi.waitFor(() => expect(channel.kinds()).toContain('heard'));
  });

  test('are not acknowledged when the listener fails', async () => {
    const { channel, client } = connected();
    client.onExited(async () => await Promise.reject(new Error('no room')));
    channel.say(exited);
    await nextTurn();
    expect(channel.kinds()).not.toContain('heard');
  });
});

test('leave is told, also to a listener that comes later', () => {
  const { channel, client } = connected();
  const modes: string[] = [];
  channel.say({ kind: 'leave', mode: 'detach' });
  client.onLeave((mode) => modes.push(mode));
  channel.say({ kind: 'leave', mode: 'stop' });
  expect(modes).toEqual(['detach', 'stop']);
});

test('messages nobody knows are passed over', async () => {
  const { channel, client } = connected();
  const list = client.list();
  for (const message of [{ kind: 'dance' }, {}, { kind: 'listed', id: 1 }]) channel.say(message);
  channel.say({ kind: 'listed', id: 1, processes: [] });
  expect(await list).toEqual([]);
});

test('the pulse beats at once and then regularly, until it is closed', async () => {
  vi.useFakeTimers();
  onTestFinished(() => void vi.useRealTimers());
  const { channel, client } = connected();
  await vi.advanceTimersByTimeAsync(4_000);
  client.ready();
  client.close();
  client.close();
  await vi.advanceTimersByTimeAsync(10_000);
  expect(channel.kinds()).toEqual(['alive', 'alive', 'alive', 'ready']);
});

test('a process without a keeper is told so', () => {
  const orphan: KeeperChannel = { connected: false, on: () => undefined, off: () => undefined };
  expect(() => createKeeperClient(orphan)).toThrow(expect.objectContaining({ code: 'not-under-keeper' }));
});
