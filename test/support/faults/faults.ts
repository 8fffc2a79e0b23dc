/** All that is done to a recorder, one by one and as chaos. */
import { cameraFaults } from './camera-faults.js';
import type { Fault } from './fault.js';
import { processFaults } from './process-faults.js';
import { serverFaults } from './server-faults.js';

export const faults = { ...processFaults, ...cameraFaults, ...serverFaults } as const satisfies Readonly<
  Record<string, Fault>
>;

export type FaultName = keyof typeof faults;
