import { describe, expect, test } from 'vitest';
import { nalType } from '../../src/simulator/annex-b.js';
import { RawClient, until } from './raw-client.js';
import { ACCOUNT, framesPass, moreFrames, openClient, startCamera, startClient } from './started-camera.js';
import { testPicture } from './test-picture.js';

describe('freeze', () => {
  test('sends nothing and answers nothing, on old and new connections, and goes on when cleared', async () => {
    const camera = await startCamera({ sessionTimeoutMs: 800 });
    const client = await startClient(camera);
    await camera.setFault({ kind: 'freeze', connections: 'all' });
    const before = client.packets.length;
    const late = await openClient(camera);
    const answer = late.ask('OPTIONS');
    await framesPass(camera, 15);
    expect([client.packets.length, client.ended, late.answers.length]).toEqual([before, null, 0]);
    await camera.clearFaults();
    expect((await answer).status).toBe(200);
  });

  test('of the open connections lets new ones work', async () => {
    const camera = await startCamera();
    const old = await startClient(camera);
    await camera.setFault({ kind: 'freeze', connections: 'open' });
    const before = old.packets.length;
    await moreFrames(await startClient(camera), 8);
    expect([old.packets.length, old.ended]).toEqual([before, null]);
  });
});

test('a camera that never answers accepts new connections and goes on with those there are', async () => {
  const camera = await startCamera();
  const old = await startClient(camera);
  await camera.setFault({ kind: 'never-answer' });
  const late = await openClient(camera);
  late.ask('OPTIONS').catch(() => undefined);
  await moreFrames(old, 8);
  expect([late.answers.length, late.ended]).toEqual([0, null]);
});

test('a refusing camera does not listen until the fault is cleared', async () => {
  const camera = await startCamera();
  await camera.setFault({ kind: 'refuse' });
  await expect(RawClient.open(camera.urlWithoutUserinfo)).rejects.toMatchObject({ code: 'ECONNREFUSED' });
  await camera.clearFaults();
  await startClient(camera);
});

test.each(['reset', 'fin'] as const)('%s ends the connection that way and frees the session', async (kind) => {
  const camera = await startCamera();
  const client = await startClient(camera);
  await camera.setFault({ kind });
  await until(() => client.ended !== null, 'the end');
  expect([client.ended, camera.sessionsTaken]).toEqual([kind, 0]);
  await startClient(camera);
});

test('video can stop while sound goes on', async () => {
  const camera = await startCamera();
  const client = await startClient(camera);
  await camera.setFault({ kind: 'video-off' });
  const before = { frames: client.counters.length, sounds: client.packetsOn(2).length };
  await framesPass(camera, 8);
  expect(client.counters.length).toBe(before.frames);
  expect(client.packetsOn(2).length).toBeGreaterThan(before.sounds + 5);
});

test('frames that the camera drops are neither sent nor in its log, and no packet number is missing', async () => {
  const camera = await startCamera();
  const client = await startClient(camera);
  await camera.setFault({ kind: 'drop-frames', everyNth: 3 });
  const fromMs = camera.nowMs();
  await moreFrames(client, 8);
  const produced = camera.framesBetween(fromMs, Infinity).map(({ counter }) => counter);
  expect(produced.filter((counter) => counter % 3 === 0)).toEqual([]);
  expect(client.counters.filter((counter) => counter > (produced[0] ?? 0) && counter % 3 === 0)).toEqual([]);
  const numbers = client.packetsOn(0).map((packet) => packet.sequence);
  expect(numbers).toEqual(numbers.map((_, index) => ((numbers[0] ?? 0) + index) % 65_536));
});

describe('at the door', () => {
  test('a changed password makes every login fail', async () => {
    const camera = await startCamera();
    await camera.setFault({ kind: 'wrong-password' });
    expect((await (await openClient(camera)).play()).status).toBe(401);
    expect(camera.attempts.map(({ outcome }) => outcome)).toEqual(['challenged', 'rejected']);
  });

  test('an unknown path is answered 404', async () => {
    const camera = await startCamera();
    await camera.setFault({ kind: 'not-found' });
    expect((await (await openClient(camera)).play()).status).toBe(404);
  });

  test('a redirect names the other place', async () => {
    const camera = await startCamera();
    const location = 'rtsp://127.0.0.1:9/stream1';
    await camera.setFault({ kind: 'redirect', location });
    const answer = await (await openClient(camera)).play();
    expect([answer.status, answer.headers.get('location')]).toEqual([302, location]);
  });

  test('too many failures lock the account, each try renews it, and silence opens it again', async () => {
    const camera = await startCamera();
    await camera.setFault({ kind: 'lock-out', failures: 2, durationMs: 500 });
    const stranger = await openClient(camera, { ...ACCOUNT, password: 'wrong' });
    for (let round = 0; round < 3; round += 1) await stranger.ask('DESCRIBE');
    const client = await openClient(camera);
    expect((await client.play()).status).toBe(401);
    const lockedAtMs = camera.nowMs();
    expect(camera.attempts.at(-1)?.outcome).toBe('locked');
    await until(() => camera.nowMs() - lockedAtMs > 550, 'the lock to end');
    expect((await client.play()).status).toBe(200);
  });

  test('a slow start answers PLAY at once and sends later', async () => {
    const camera = await startCamera();
    await camera.setFault({ kind: 'slow-start', delayMs: 500 });
    const client = await openClient(camera);
    await client.play();
    const playedAtMs = camera.nowMs();
    await until(() => client.packets.length > 0, 'the first packet');
    expect(camera.nowMs() - playedAtMs).toBeGreaterThan(400);
  });
});

describe('on the wire', () => {
  test('bursts hold frames back and lose none', async () => {
    const camera = await startCamera();
    const client = await startClient(camera);
    await camera.setFault({ kind: 'bursts', frames: 6 });
    const sizes = new Set<number>();
    const before = client.counters.length;
    await until(() => {
      sizes.add(client.counters.length - before);
      return client.counters.length >= before + 12;
    }, 'two bursts');
    expect(sizes.size).toBeLessThan(8);
    expect(client.counters).toEqual(client.counters.map((_, index) => (client.counters[0] ?? 0) + index));
  });

  test('drift ships fewer frames a second than the time stamps say', async () => {
    const camera = await startCamera();
    const client = await startClient(camera);
    await camera.setFault({ kind: 'clock-drift', shippedFps: 7.5 });
    await moreFrames(client, 2);
    const fromMs = camera.nowMs();
    const from = client.counters.length;
    await moreFrames(client, 8);
    expect((8 * 1_000) / (camera.nowMs() - fromMs)).toBeLessThan(9);
    const ticks = ticksOfFrames(client).slice(from);
    expect(new Set(ticks.slice(1).map((tick, index) => tick - (ticks[index] ?? 0)))).toEqual(new Set([6_000]));
  });

  test.each([5_000, -5_000])('time stamps jump by %i ms, once', async (byMs) => {
    const camera = await startCamera();
    const client = await startClient(camera);
    await camera.setFault({ kind: 'timestamp-jump', byMs });
    await moreFrames(client, 4);
    const ticks = ticksOfFrames(client);
    const steps = ticks.slice(1).map((tick, index) => tick - (ticks[index] ?? 0));
    expect(steps.filter((step) => step !== 6_000)).toEqual([6_000 + byMs * 90]);
  });

  test('new parameter sets come with a keyframe, in the stream and in the description', async () => {
    const other = await testPicture('other');
    const camera = await startCamera();
    const client = await startClient(camera);
    await camera.setFault({ kind: 'new-parameters', picture: other });
    await until(() => parameterSets(client).some((sps) => sps.equals(other.sps)), 'the other SPS');
    expect(client.counters).toEqual(client.counters.map((_, index) => (client.counters[0] ?? 0) + index));
    const late = await startClient(camera);
    expect(late.answers.map(({ body }) => body).join('')).toContain(other.sps.toString('base64'));
  });
});

function ticksOfFrames(client: RawClient): readonly number[] {
  return client
    .packetsOn(0)
    .filter((packet) => packet.hasMarker)
    .map((packet) => packet.ticks);
}

function parameterSets(client: RawClient): readonly Buffer[] {
  return client
    .packetsOn(0)
    .map((packet) => packet.payload)
    .filter((payload) => nalType(payload) === 7);
}
