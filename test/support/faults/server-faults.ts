import { commandOf } from '../recorder-process.js';
import { type Fault, OUTAGE } from './fault.js';
import { stopped } from './process-faults.js';

/** What the servers of a bench can be made to suffer, where it has its own. */
export const serverFaults = {
  'Temporal killed': ofServer('temporal', 'kill'),
  'Temporal stopped': ofServer('temporal', 'stop'),
  'store killed': ofServer('store', 'kill'),
  'store stopped': ofServer('store', 'stop'),
} as const satisfies Readonly<Record<string, Fault>>;

function ofServer(name: 'temporal' | 'store', how: 'kill' | 'stop'): Fault {
  return {
    target: name,
    holdSec: OUTAGE,
    isPossible: ({ bench }) => bench.servers !== null,
    inject: async ({ bench }) => {
      if (bench.servers === null) throw new Error('the servers of the suite are harmed by nobody');
      const server = bench.servers[name];
      if (how === 'stop') return stopped(server.now.pid);
      const { pid } = server.now;
      await server.kill();
      return { shows: () => commandOf(pid) === '', heal: async () => await server.start() };
    },
  };
}
