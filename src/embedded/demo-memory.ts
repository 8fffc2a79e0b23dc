/** What a demo remembers from one start to the next: its keys and where it listened. One file, mode 0600. */
import { randomBytes } from 'node:crypto';
import { mkdir, readFile, rename, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { z } from 'zod';
import { EmbeddedError } from './embedded-error.js';

const port = z.int().min(1).max(65_535);
const memoryShape = z.object({
  accessKeyId: z.string(),
  secretAccessKey: z.string(),
  cameraUser: z.string(),
  cameraPassword: z.string(),
  ports: z.object({
    temporal: z.object({ grpc: port, ui: port, http: port, metrics: port }).partial(),
    seaweedfs: z.object({ s3: port, master: port, filer: port, volume: port, admin: port }).partial(),
    firstCamera: port,
  }),
});

/** Keys never change, as a store once started keeps them; ports are only wishes. Holds secrets (INV-7). */
export type DemoMemory = z.infer<typeof memoryShape>;

const fileIn = (dataDir: string): string => join(dataDir, 'demo.json');

/** That of the last start, or a new one with random keys and the usual ports; it is not written yet. */
export async function recallDemo(dataDir: string): Promise<DemoMemory> {
  const path = fileIn(dataDir);
  try {
    return memoryShape.parse(JSON.parse(await readFile(path, 'utf8')));
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return newDemo();
    throw new EmbeddedError('server-not-ready', `read ${path}; remove the folder ${dataDir} to start anew`, {
      cause: error,
    });
  }
}

/** Replaces the file in one step. */
export async function rememberDemo(dataDir: string, memory: DemoMemory): Promise<void> {
  await mkdir(dataDir, { recursive: true });
  const path = fileIn(dataDir);
  await writeFile(`${path}.new`, `${JSON.stringify(memory, undefined, 2)}\n`, { mode: 0o600 });
  await rename(`${path}.new`, path);
}

function newDemo(): DemoMemory {
  return {
    accessKeyId: 'camera-recorder',
    secretAccessKey: randomBytes(24).toString('hex'),
    cameraUser: 'demo',
    cameraPassword: randomBytes(12).toString('hex'),
    ports: { temporal: { grpc: 7233, ui: 8233 }, seaweedfs: { s3: 8333 }, firstCamera: 8554 },
  };
}
