import { join } from 'node:path';
import { type Seaweedfs, startSeaweedfs } from '../../../src/embedded/seaweedfs.js';
import type { ServerProcess } from '../../../src/embedded/server-process.js';
import { startTemporalServer, type TemporalServer } from '../../../src/embedded/temporal-server.js';
import { toolPath } from '../tools.js';

/** A server that can be killed and started again on the same files and ports. */
export interface Server<T extends ServerProcess> {
  /** The one that runs, or ran last. */
  readonly now: T;
  /** Resolves when it serves; nothing is done while it runs. */
  start(): Promise<void>;
  /** SIGKILL; resolves when it is gone. Idempotent. */
  kill(): Promise<void>;
  /** As `kill`; the one that is started next knows nothing of before. */
  wipe(): Promise<void>;
}

/** Resolves when it serves. */
export async function startTemporal(dir: string): Promise<Server<TemporalServer>> {
  return await keep(async (before, life) => {
    return await startTemporalServer({
      temporalPath: toolPath('temporal'),
      dbPath: join(dir, `temporal-${life}.sqlite`),
      logPath: join(dir, 'temporal.log'),
      ...(before === null ? {} : { ports: before.ports }),
    });
  });
}

/** Resolves when it serves. */
export async function startStore(dir: string): Promise<Server<Seaweedfs>> {
  return await keep(async (before, life) => {
    return await startSeaweedfs({
      weedPath: toolPath('weed'),
      dir: join(dir, `seaweedfs-${life}`),
      accessKeyId: 'chaos',
      secretAccessKey: 'comes-back',
      bucket: 'chaos',
      ...(before === null ? {} : { ports: before.ports }),
    });
  });
}

/** `life`: how often it was wiped. */
async function keep<T extends ServerProcess & { readonly ports: object }>(
  run: (before: T | null, life: number) => Promise<T>,
): Promise<Server<T>> {
  let life = 0;
  let now = await run(null, life);
  let isRunning = true;
  const kill = async (): Promise<void> => {
    await now.kill();
    isRunning = false;
  };
  return {
    get now() {
      return now;
    },
    start: async () => {
      if (isRunning) return;
      const { ports } = now;
      now = await run(now, life);
      isRunning = true;
      if (JSON.stringify(now.ports) !== JSON.stringify(ports)) throw new Error('a server came back on other ports');
    },
    kill,
    wipe: async () => {
      await kill();
      life += 1;
    },
  };
}
