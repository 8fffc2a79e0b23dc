import type { Fault as CameraFault } from '../../../src/simulator/fault.js';
import type { SimulatedCamera } from '../../../src/simulator/simulated-camera.js';
import { AT_ONCE, type Begun, type Fault, OUTAGE, SHORT } from './fault.js';
import { pictureNamed } from './fault-bench.js';
import { flapping } from './flapping.js';
import { parametersOf, placesTaken, timestampJump } from './second-client.js';

/** `clients`: who was connected before the switch. */
type Proof = (camera: SimulatedCamera, clients: readonly number[]) => boolean | Promise<boolean>;

/** What a camera, or the network before it, can do. */
export const cameraFaults = {
  'connections frozen': ofCamera([{ kind: 'freeze', connections: 'open' }], SHORT, hasFrozenClient),
  'camera frozen': ofCamera([{ kind: 'freeze', connections: 'all' }], OUTAGE, hasFrozenClient),
  'video off': ofCamera([{ kind: 'video-off' }], OUTAGE, sendsNoPicture),
  'connections reset': ofCamera([{ kind: 'reset' }], AT_ONCE, hasLostClients),
  'connections ended': ofCamera([{ kind: 'fin' }], AT_ONCE, hasLostClients),
  'camera gone': ofCamera(
    [{ kind: 'refuse' }, { kind: 'reset' }],
    OUTAGE,
    ({ connections }) => connections.length === 0,
  ),
  'camera never answers': ofCamera([{ kind: 'never-answer' }, { kind: 'reset' }], OUTAGE, hasFrozenClient),
  /** It lost its power: the old connection hears nothing any more, not even that it is over, and nobody listens until it is back. */
  'connection half open': ofCamera(
    [{ kind: 'refuse' }, { kind: 'freeze', connections: 'open' }],
    SHORT,
    hasFrozenClient,
  ),
  'camera sends in bursts': ofCamera([{ kind: 'bursts', frames: 20 }], OUTAGE, holdsFramesBack),
  'new parameters': {
    target: 'camera',
    holdSec: OUTAGE,
    isPossible: () => true,
    inject: async ({ camera }) => {
      const [before, picture] = [await parametersOf(camera), await pictureNamed('other')];
      const areOther = async (): Promise<boolean> => (await parametersOf(camera)) !== before;
      return await inject(camera, [{ kind: 'new-parameters', picture }], areOther);
    },
  },
  'time stamps jump ahead': timestampJump(300_000),
  'time stamps jump back': timestampJump(-5_000),
  'all places taken (453)': placesTaken(),
  'flapping every 3 s': flapping(3_000),
  'flapping every 14 s': flapping(14_000),
} as const satisfies Readonly<Record<string, Fault>>;

function ofCamera(switches: readonly CameraFault[], holdSec: Fault['holdSec'], proof: Proof): Fault {
  return {
    target: 'camera',
    holdSec,
    isPossible: () => true,
    inject: async ({ camera }) => await inject(camera, switches, proof),
  };
}

async function inject(camera: SimulatedCamera, switches: readonly CameraFault[], proof: Proof): Promise<Begun> {
  const clients = camera.connections.map(({ id }) => id);
  for (const fault of switches) await camera.setFault(fault);
  return { shows: () => proof(camera, clients), heal: async () => await camera.clearFaults() };
}

function hasFrozenClient({ connections }: SimulatedCamera): boolean {
  return connections.some(({ isFrozen }) => isFrozen);
}

function hasLostClients({ connections }: SimulatedCamera, clients: readonly number[]): boolean {
  return !connections.some(({ id }) => clients.includes(id));
}

/** To a client that plays, for a second. */
function sendsNoPicture(camera: SimulatedCamera): boolean {
  const frames = camera.framesBetween(camera.nowMs() - 1_000, camera.nowMs());
  const isPlayed = camera.connections.some(({ isPlaying, isFrozen }) => isPlaying && !isFrozen);
  return isPlayed && frames.length > 0 && frames.every(({ clients }) => clients === 0);
}

/** Made, and half a second later not sent. */
function holdsFramesBack(camera: SimulatedCamera): boolean {
  const late = camera.framesBetween(camera.nowMs() - 1_000, camera.nowMs() - 500);
  return camera.connections.some(({ isPlaying }) => isPlaying) && late.length > 0 && late.every((f) => f.clients === 0);
}
