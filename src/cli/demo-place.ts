/** What `start` brought in this folder, for verbs that look at it from beside. */
import { access } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import type { StoreSettings } from '../config/config.js';
import { recallDemo } from '../embedded/demo-memory.js';

/** Where `start` keeps what it brought. */
export const DEMO_DIR = '.data';

/** The store that `start` brought, if it did so in this folder. */
export async function demoStore(): Promise<StoreSettings | null> {
  const dataDir = resolve(DEMO_DIR);
  if (!(await isThere(join(dataDir, 'demo.json')))) return null;
  const { accessKeyId, secretAccessKey, ports } = await recallDemo(dataDir);
  const endpoint = `http://127.0.0.1:${ports.seaweedfs.s3}`;
  return { endpoint, region: 'us-east-1', bucket: 'camera-recordings', accessKeyId, secretAccessKey };
}

/** As `demoStore`: the variables by which its Temporal is reached. */
export async function demoTemporal(): Promise<Readonly<Record<string, string>> | null> {
  const dataDir = resolve(DEMO_DIR);
  if (!(await isThere(join(dataDir, 'demo.json')))) return null;
  const { ports } = await recallDemo(dataDir);
  return { TEMPORAL_ADDRESS: `127.0.0.1:${ports.temporal.grpc}` };
}

/** Whether a file or folder is there. */
export async function isThere(path: string): Promise<boolean> {
  return await access(path).then(
    () => true,
    () => false,
  );
}
