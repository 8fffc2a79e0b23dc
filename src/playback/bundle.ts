/** Footage to hand to somebody who must be able to check it: the originals, one film of them, what is missing and why, and every hash. */
import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { mkdir, writeFile } from 'node:fs/promises';
import { basename, join } from 'node:path';
import type { ObjectKey } from '../domain/ids.js';
import type { TimeRange } from '../domain/time-range.js';
import { openFileSource } from '../mp4/file-source.js';
import { type ExportOptions, type ExportResult, exportFootage } from './export-footage.js';
import { manifestHtml, manifestOf } from './manifest.js';
import { copyOriginal, type Original } from './original.js';
import type { ReadableStore } from './stored-objects.js';

export interface BundleOptions extends Omit<ExportOptions, 'path' | 'onProgress'> {
  /** Made here; must not be there yet. */
  readonly folder: string;
  readonly range: TimeRange;
  /** An IANA name. */
  readonly timezone: string;
  /** Name and version of what makes it. */
  readonly program: string;
  readonly reason: string | null;
  /** UTC. */
  readonly nowMs: number;
  /** Called with bytes of the originals copied so far. */
  readonly onProgress?: (copiedBytes: number) => void;
}

const ORIGINALS = 'originals';

/** Copies each original once and makes the film of the copies. Throws what the store throws, and the file system's own errors. */
export async function writeBundle(options: BundleOptions, signal: AbortSignal): Promise<ExportResult> {
  const { folder, camera } = options;
  await mkdir(join(folder, ORIGINALS), { recursive: true });
  const originals = await copyOriginals(options, signal);
  const store = localStore(options.store, new Map(originals.map(({ key, path }) => [key, path])));
  const { items, clockWords } = options;
  const path = join(folder, `${camera}.mp4`);
  const result = await exportFootage({ store, camera, items, clockWords, path }, signal);
  const films = await Promise.all(
    result.files.map(async (film) => ({ ...film, file: basename(film.path), sha256Hex: await sha256Of(film.path) })),
  );
  const manifest = manifestOf({ ...options, gaps: result.gaps, films, originals });
  const texts = { 'manifest.json': `${JSON.stringify(manifest, null, 2)}\n`, 'manifest.html': manifestHtml(manifest) };
  for (const [name, text] of Object.entries(texts)) await writeFile(join(folder, name), text);
  const sums = [
    ...[...films, ...originals].map(({ sha256Hex, file }) => `${sha256Hex}  ${file}`),
    ...Object.entries(texts).map(([name, text]) => `${createHash('sha256').update(text).digest('hex')}  ${name}`),
  ];
  await writeFile(join(folder, 'SHA256SUMS'), `${sums.join('\n')}\n`);
  return result;
}

async function copyOriginals(
  { folder, store, items, onProgress }: BundleOptions,
  signal: AbortSignal,
): Promise<readonly (Original & { readonly file: string })[]> {
  const keys = new Set(items.flatMap((item) => (item.kind === 'piece' ? [item.piece.key] : [])));
  const originals: (Original & { readonly file: string })[] = [];
  let copiedBytes = 0;
  for (const key of keys) {
    // The camera is in the name anyway; the day keeps names apart.
    const file = `${ORIGINALS}/${key.split('/').slice(1).join('_')}`;
    const original = await copyOriginal(store, key, join(folder, file), signal);
    if (original !== null) originals.push({ ...original, file });
    copiedBytes += original?.sizeBytes ?? 0;
    onProgress?.(copiedBytes);
  }
  return originals;
}

/** Reads the copies in place of the objects; what was not copied is not there. */
function localStore(store: ReadableStore, paths: ReadonlyMap<ObjectKey, string>): ReadableStore {
  return {
    list: (...asked) => store.list(...asked),
    readSmall: async (...asked) => await store.readSmall(...asked),
    head: async (key, signal) => (paths.has(key) ? await store.head(key, signal) : undefined),
    read: async (key, { offsetBytes, sizeBytes }) => {
      const path = paths.get(key);
      if (path === undefined) throw new Error(`${key} was not copied`);
      const source = await openFileSource(path);
      try {
        const into = new Uint8Array(sizeBytes);
        return into.subarray(0, await source.read(into, offsetBytes));
      } finally {
        await source.close();
      }
    },
  };
}

async function sha256Of(path: string): Promise<string> {
  const hash = createHash('sha256');
  for await (const chunk of createReadStream(path)) {
    const bytes: Buffer = chunk;
    hash.update(bytes);
  }
  return hash.digest('hex');
}
