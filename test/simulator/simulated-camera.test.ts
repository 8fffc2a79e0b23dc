import { beforeAll, describe, expect, onTestFinished, test } from 'vitest';
import type { Picture } from '../../src/simulator/picture.js';
import {
  createSimulatedCamera,
  type SimulatedCamera,
  type SimulatedCameraOptions,
} from '../../src/simulator/simulated-camera.js';
import { RawClient, until } from './raw-client.js';
import { testPicture } from './test-picture.js';

let picture: Picture;
beforeAll(async () => {
  picture = await testPicture();
});

const ACCOUNT = { user: 'tapo', password: `a'b c@d:/?#%e"$\\é` };

async function startCamera(options: Partial<SimulatedCameraOptions> = {}): Promise<SimulatedCamera> {
  const camera = await createSimulatedCamera({ picture, ...ACCOUNT, ...options });
  onTestFinished(() => camera.close());
  return camera;
}

async function openClient(camera: SimulatedCamera, account: typeof ACCOUNT | null = ACCOUNT): Promise<RawClient> {
  const client = await RawClient.open(camera.urlWithoutUserinfo, account);
  onTestFinished(() => client.vanish());
  return client;
}

async function playing(camera: SimulatedCamera): Promise<RawClient> {
  const client = await openClient(camera);
  expect((await client.play()).status).toBe(200);
  await until(() => client.counters.length > 0, 'a frame');
  return client;
}

describe('a client that logs in', () => {
  test('gets every frame from PLAY on, one after the other, and sound', async () => {
    const camera = await startCamera();
    const client = await playing(camera);
    await until(() => client.counters.length >= 20, 'twenty frames');
    const first = client.counters[0] ?? 0;
    expect(client.counters.slice(0, 20)).toEqual(Array.from({ length: 20 }, (_, index) => first + index));
    expect(client.packetsOn(2).length).toBeGreaterThan(20);
    const sequence = client.packetsOn(0).map((packet) => packet.sequence);
    expect(sequence.every((number, index) => index === 0 || number === ((sequence[index - 1] ?? 0) + 1) % 65_536)).toBe(
      true,
    );
  });
});
