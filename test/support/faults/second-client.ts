/** Faults that need, or are proved by, another client of the camera. */
import type { SimulatedCamera } from '../../../src/simulator/simulated-camera.js';
import { RawClient } from '../../simulator/raw-client.js';
import { waitFor } from '../wait-for.js';
import { type Fault, OUTAGE, SHORT } from './fault.js';

/** What the camera says of its picture to whoever asks. */
export async function parametersOf(camera: SimulatedCamera): Promise<string> {
  const client = await openClient(camera);
  const first = await client.ask('DESCRIBE');
  const answer = first.status === 401 ? await client.ask('DESCRIBE') : first;
  client.vanish();
  if (answer.status !== 200) throw new Error(`DESCRIBE was answered ${answer.status}`);
  return answer.body;
}

const PICTURE_MS = 5_000;

/** Seen by a client that plays. */
export function timestampJump(byMs: number): Fault {
  return {
    target: 'camera',
    holdSec: SHORT,
    isPossible: () => true,
    inject: async ({ camera }) => {
      const client = await openClient(camera);
      // Where there is no place for it, nothing is seen of the jump.
      if ((await client.play()).status === 200) {
        await waitFor(() => client.packetsOn(0).length > 0, { what: 'a picture', deadlineMs: PICTURE_MS });
      }
      await camera.setFault({ kind: 'timestamp-jump', byMs });
      return { shows: () => hasJumped(client, byMs), heal: async () => await client.leave() };
    },
  };
}

/** As a Tapo has. */
const PLACES = 2;

/** Others came first after a moment without connection, and the recorder is turned away. */
export function placesTaken(): Fault {
  return {
    target: 'camera',
    holdSec: OUTAGE,
    isPossible: () => true,
    inject: async ({ camera }) => {
      await camera.setFault({ kind: 'reset' });
      const clients = await Promise.all(Array.from({ length: PLACES }, async () => await openClient(camera)));
      for (const client of clients) await client.play();
      const sinceMs = camera.nowMs();
      const isTurnedAway = (): boolean => camera.requests.some(({ status, atMs }) => status === 453 && atMs >= sinceMs);
      const heal = async (): Promise<void> => {
        for (const client of clients) await client.leave();
      };
      return { shows: isTurnedAway, heal };
    },
  };
}

async function openClient({ url, urlWithoutUserinfo }: SimulatedCamera): Promise<RawClient> {
  const { username, password } = new URL(url);
  const account = { user: decodeURIComponent(username), password: decodeURIComponent(password) };
  return await RawClient.open(urlWithoutUserinfo, username === '' ? null : account);
}

/** Between neighbouring video packets, by more than half of what was asked for. */
function hasJumped(client: RawClient, byMs: number): boolean {
  const ticks = client.packetsOn(0).map((packet) => packet.ticks);
  const jumps = ticks.slice(1).map((now, position) => ((now - (ticks[position] ?? now)) | 0) / 90);
  return jumps.some((jumpMs) => jumpMs / byMs > 0.5);
}
