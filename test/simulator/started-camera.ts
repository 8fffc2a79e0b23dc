import { expect, onTestFinished } from 'vitest';
import {
  createSimulatedCamera,
  type SimulatedCamera,
  type SimulatedCameraOptions,
} from '../../src/simulator/simulated-camera.js';
import { RawClient, until } from './raw-client.js';
import { testPicture } from './test-picture.js';

export const ACCOUNT = { user: 'ta"po\\é', password: `a'b c@d:/?#%e"$\\é` };

/** A camera with the same RTP numbers in every run, that is closed when the test is over. */
export async function startCamera(options: Partial<SimulatedCameraOptions> = {}): Promise<SimulatedCamera> {
  const camera = await createSimulatedCamera({
    picture: await testPicture(),
    ...ACCOUNT,
    random: () => 0.25,
    ...options,
  });
  onTestFinished(() => camera.close());
  return camera;
}

export async function openClient(
  camera: SimulatedCamera,
  account: typeof ACCOUNT | null = ACCOUNT,
): Promise<RawClient> {
  const client = await RawClient.open(camera.urlWithoutUserinfo, account);
  onTestFinished(() => client.vanish());
  return client;
}

/** A client that has got its first frame. */
export async function startClient(camera: SimulatedCamera): Promise<RawClient> {
  const client = await openClient(camera);
  expect((await client.play()).status).toBe(200);
  await until(() => client.counters.length > 0, 'a frame');
  return client;
}

/** Resolves when `frames` more have come. */
export async function moreFrames(client: RawClient, frames: number): Promise<void> {
  const wanted = client.counters.length + frames;
  await until(() => client.counters.length >= wanted, `${frames} more frames`);
}

/** Lets the camera make `frames` more, so that it would be seen if they went out. */
export async function framesPass(camera: SimulatedCamera, frames: number): Promise<void> {
  const fromMs = camera.nowMs();
  await until(() => camera.framesBetween(fromMs, Infinity).length >= frames, `${frames} frames to be made`);
}
