import { portFinder } from '../../src/embedded/free-port.js';

/** A free loopback port, never the same twice in this process. For what cannot listen on port 0. */
export const freePort = portFinder();
