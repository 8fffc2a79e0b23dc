import { describe, expect, test } from 'vitest';
import { type FrameStamp, findFrameStamp } from '../../src/mp4/frame-stamp.js';
import { alawCounter } from '../../src/simulator/a-law.js';
import { nalType } from '../../src/simulator/annex-b.js';
import { type Packet, type RawClient, until } from './raw-client.js';
import { ACCOUNT, moreFrames, openClient, startCamera, startClient } from './started-camera.js';
import { testPicture } from './test-picture.js';

describe('frames', () => {
  test('all arrive, each once, in order, with unbroken packet numbers', async () => {
    const client = await startClient(await startCamera());
    await moreFrames(client, 20);
    const first = client.counters[0] ?? 0;
    expect(client.counters).toEqual(client.counters.map((_, index) => first + index));
    const numbers = client.packetsOn(0).map((packet) => packet.sequence);
    expect(numbers).toEqual(numbers.map((_, index) => ((numbers[0] ?? 0) + index) % 65_536));
  });

  test('are numbered from the UTC epoch and carry the time at which the camera made them', async () => {
    const camera = await startCamera();
    const client = await startClient(camera);
    const [stamp] = client.stamps;
    const [frame] = camera.framesBetween(0, Infinity).filter(({ counter }) => counter === stamp?.counter);
    expect(stamp?.sentAtUs).toBe(Math.round((frame?.atMs ?? 0) * 1_000));
    expect(Math.abs((frame?.atMs ?? 0) - Date.now())).toBeLessThan(2_000);
    expect(stamp?.counter).toBe(Math.round(((frame?.atMs ?? 0) * 15) / 1_000));
  });

  test('are made and logged when nobody watches, but not counted as sent', async () => {
    const camera = await startCamera();
    await until(() => camera.framesBetween(0, Infinity).length >= 5, 'five frames');
    expect(camera.framesSent).toBe(0);
    const client = await startClient(camera);
    await moreFrames(client, 3);
    expect(camera.framesSent).toBeGreaterThanOrEqual(4);
    expect(camera.framesSent).toBeLessThan(camera.framesBetween(0, Infinity).length);
  });

  test('are the same for two clients, and the second one joins where the camera is', async () => {
    const camera = await startCamera();
    const first = await startClient(camera);
    await moreFrames(first, 3);
    const second = await startClient(camera);
    await moreFrames(second, 5);
    const common = first.counters.filter((counter) => second.counters.includes(counter));
    expect(second.counters[0]).toBeGreaterThan(first.counters[3] ?? Infinity);
    expect(common.length).toBeGreaterThanOrEqual(5);
  });

  test('keep the seconds of the loop on the seconds of the wall clock', async () => {
    const picture = await testPicture();
    const camera = await startCamera({ audio: false });
    const client = await startClient(camera);
    await until(() => stampOfKeyframe(client) !== undefined, 'a keyframe');
    const stamp = stampOfKeyframe(client);
    const frameSec = (stamp?.sentAtUs ?? Number.NaN) / 1_000_000;
    expect(frameSec % picture.spec.gopSec).toBeCloseTo(0, 4);
    expect((stamp?.counter ?? Number.NaN) % picture.accessUnits.length).toBe(Math.round((frameSec % 60) * 15));
  });
});

test('sound comes in packets of 40 ms that can be counted', async () => {
  const client = await startClient(await startCamera());
  await until(() => client.packetsOn(2).length >= 12, 'sound');
  const packets = client.packetsOn(2);
  const counters = packets.map(({ payload }) => alawCounter(payload));
  expect(counters).toEqual(counters.map((_, index) => (counters[0] ?? 0) + index));
  expect(packets.map(({ payload }) => payload.length)).toEqual(packets.map(() => 320));
});

test('sender reports tie the time stamps of video and sound to UTC', async () => {
  const camera = await startCamera({ reportIntervalMs: 200 });
  const client = await startClient(camera);
  await until(() => client.packetsOn(1).length > 0 && client.packetsOn(3).length > 0, 'reports');
  const video = reportIn(client.packetsOn(1)[0]);
  const [frame] = camera.framesBetween(video.atMs - 1, video.atMs + 1);
  const frameAt = client.counters.indexOf(frame?.counter ?? -1);
  expect(frameAt).toBeGreaterThanOrEqual(0);
  expect(client.packetsOn(0).filter(({ hasMarker }) => hasMarker)[frameAt]?.ticks).toBe(video.ticks);
  const sound = reportIn(client.packetsOn(3)[0]);
  const lastSound = client.packetsOn(2).at(-1)?.ticks ?? 0;
  expect(Math.abs(sound.atMs - Date.now())).toBeLessThan(2_000);
  expect(Math.abs(lastSound - sound.ticks)).toBeLessThan(8_000);
});

describe('logging in', () => {
  test('is asked of every connection, with a nonce of its own', async () => {
    const camera = await startCamera();
    const nonces = [];
    for (const client of [await openClient(camera), await openClient(camera)]) {
      const answer = await client.ask('DESCRIBE');
      expect(answer.status).toBe(401);
      nonces.push(/nonce="([^"]+)"/.exec(answer.headers.get('www-authenticate') ?? '')?.[1]);
    }
    expect(new Set(nonces).size).toBe(2);
    expect(camera.attempts.map(({ outcome }) => outcome)).toEqual(['challenged', 'challenged']);
  });

  test('with a wrong password fails, and each failure is noted with its time', async () => {
    const camera = await startCamera();
    const client = await openClient(camera, { ...ACCOUNT, password: 'wrong' });
    expect((await client.play()).status).toBe(401);
    expect((await client.ask('DESCRIBE')).status).toBe(401);
    expect(camera.attempts.map(({ outcome }) => outcome)).toEqual(['challenged', 'rejected', 'rejected']);
    expect(Math.abs((camera.attempts[1]?.atMs ?? 0) - camera.nowMs())).toBeLessThan(2_000);
  });
});

describe('the description', () => {
  test('has the title, tracks and parameter sets of a Tapo', async () => {
    const client = await startClient(await startCamera());
    const body = client.answers.find((answer) => answer.body !== '')?.body ?? '';
    const { sps, pps } = await testPicture();
    expect(body).toContain('s=Session streamed by "TP-LINK RTSP Server"');
    expect(body).toContain(`sprop-parameter-sets=${sps.toString('base64')},${pps.toString('base64')}`);
    expect(body.match(/^a=control:.*/gm)).toEqual(['a=control:track1', 'a=control:track2']);
  });

  test('names no sound when there is none, and exists for one path only', async () => {
    const client = await openClient(await startCamera({ audio: false, path: '/stream2' }));
    await client.ask('DESCRIBE');
    expect((await client.ask('DESCRIBE')).body).not.toContain('m=audio');
    expect((await client.ask('DESCRIBE', '/elsewhere')).status).toBe(404);
  });
});

describe('sessions', () => {
  test('are over interleaved TCP only', async () => {
    const client = await openClient(await startCamera());
    await client.ask('DESCRIBE');
    expect((await client.ask('SETUP', '/track1', { Transport: 'RTP/AVP;unicast;client_port=9000-9001' })).status).toBe(
      461,
    );
  });

  test('are two at most; the third is told 453 until TEARDOWN makes room', async () => {
    const camera = await startCamera();
    const first = await startClient(camera);
    await startClient(camera);
    const third = await openClient(camera);
    expect((await third.play()).status).toBe(453);
    expect((await first.ask('TEARDOWN')).status).toBe(200);
    expect((await third.play()).status).toBe(200);
  });

  test('of a client that vanished keep their place until they time out', async () => {
    const camera = await startCamera({ sessionTimeoutMs: 1_500, maxSessions: 1 });
    const ghost = await startClient(camera);
    ghost.vanish();
    await until(() => camera.connections.length === 0, 'the connection to close');
    expect((await (await openClient(camera)).play()).status).toBe(453);
    await until(() => camera.sessionsTaken === 0, 'the session to time out');
    expect((await (await openClient(camera)).play()).status).toBe(200);
  });

  test('that nothing is heard of are ended', async () => {
    const client = await startClient(await startCamera({ sessionTimeoutMs: 800 }));
    await until(() => client.ended !== null, 'the end');
    expect(client.answers.at(-1)?.headers.get('session')).toBeDefined();
  });

  test('are kept by parameter requests, even by those that are refused with the number of the request before', async () => {
    const client = await startClient(await startCamera({ sessionTimeoutMs: 1_500, refuseGetParameter: true }));
    for (let round = 1; round <= 9; round += 1) {
      await moreFrames(client, 3);
      const answer = await client.ask(round % 2 === 0 ? 'GET_PARAMETER' : 'SET_PARAMETER');
      // DESCRIBE twice, SETUP twice and PLAY came before: the sixth request is told the fifth's number.
      expect([answer.status, answer.headers.get('cseq')]).toEqual([400, String(4 + round)]);
    }
    expect(client.ended).toBeNull();
  });

  test('answer GET_PARAMETER with 200 unless told otherwise', async () => {
    const client = await startClient(await startCamera());
    expect((await client.ask('GET_PARAMETER')).status).toBe(200);
    expect((await client.ask('SET_PARAMETER')).status).toBe(400);
  });

  test('may use any channels', async () => {
    const client = await openClient(await startCamera());
    await client.ask('DESCRIBE');
    await client.ask('SETUP', '/track1', { Transport: 'RTP/AVP/TCP;unicast;interleaved=6-7' });
    await client.ask('PLAY');
    await until(() => client.packetsOn(6).length > 2, 'packets on the channel asked for');
    expect(client.packets.every(({ channel }) => channel === 6 || channel === 7)).toBe(true);
  });
});

/** The first stamp behind the first SPS. */
function stampOfKeyframe(client: RawClient): FrameStamp | undefined {
  const payloads = client.packetsOn(0).map(({ payload }) => payload);
  const keyAt = payloads.findIndex((payload) => nalType(payload) === 7);
  if (keyAt < 0) return undefined;
  return payloads.slice(keyAt).flatMap((payload) => findFrameStamp(payload) ?? [])[0];
}

/** What an RTCP sender report says: this moment, in UTC and in time stamps. */
function reportIn(packet: Packet | undefined): { readonly atMs: number; readonly ticks: number } {
  if (packet === undefined) throw new Error('no report');
  const seconds = packet.bytes.readUInt32BE(8) - 2_208_988_800 + packet.bytes.readUInt32BE(12) / 2 ** 32;
  return { atMs: seconds * 1_000, ticks: packet.bytes.readUInt32BE(16) };
}
