/** The judge of the outages, judged: it must see a recording that goes away too early. */
import { mkdir, rename, rm, writeFile } from 'node:fs/promises';
import { dirname } from 'node:path';
import { expect, it, onTestFinished } from 'vitest';
import { parseCameraId, parseObjectKey, segmentIdOf, sessionIdOf } from '../../src/domain/ids.js';
import { MemoryStore } from '../../src/object-store/memory.js';
import { createSpoolLayout, openRecordingPathOf, segmentPathsOf } from '../../src/spool/layout.js';
import { watchSpool } from '../support/spool-watch.js';
import { tempDir } from '../support/temp-dir.js';
import { waitFor } from '../support/wait-for.js';

const KEEP_MS = 60_000;
const KEY = parseObjectKey('camera-1/20260102/03-04-05_camera-1.mp4');
const ID = segmentIdOf(parseCameraId('camera-1'), sessionIdOf(Date.UTC(2026, 0, 2, 3, 4, 5), 0), 0);

it.each([
  { when: 'without a receipt', ageMs: null, storedBytes: 5, violation: /without a receipt/ },
  { when: 'with a young receipt', ageMs: KEEP_MS / 2, storedBytes: 5, violation: /with a receipt 3\d+ ms old/ },
  { when: 'that the store does not have', ageMs: KEEP_MS, storedBytes: null, violation: /has nothing/ },
  { when: 'of which the store has a part', ageMs: KEEP_MS, storedBytes: 4, violation: /has 4 bytes/ },
  { when: 'while nobody can ask the store', ageMs: KEEP_MS, storedBytes: 'away', violation: /store cannot be asked/ },
  { when: 'that is old and stored', ageMs: KEEP_MS, storedBytes: 5, violation: null },
])('a recording $when may go: $violation', async ({ ageMs, storedBytes, violation }) => {
  const spoolDir = await tempDir('spool');
  const layout = createSpoolLayout(spoolDir);
  const [paths, openPath] = [segmentPathsOf(layout, ID), openRecordingPathOf(layout, ID)];
  await Promise.all([openPath, paths.recording].map(async (path) => await mkdir(dirname(path), { recursive: true })));
  await writeFile(openPath, 'video');
  const store = new MemoryStore({
    onRequest: () => (storedBytes === 'away' ? Promise.reject(new Error('away')) : undefined),
  });
  if (typeof storedBytes === 'number')
    await store.putSmall(KEY, new Uint8Array(storedBytes), {}, AbortSignal.timeout(1_000));
  const watch = watchSpool({ spoolDir, store, keepMs: KEEP_MS, register: onTestFinished });

  await rename(openPath, paths.recording);
  await writeFile(paths.sidecar, '{}');
  await waitFor(() => watch.sealed.has(ID), { what: 'the seal to be seen', deadlineMs: 5_000 });
  if (ageMs !== null) {
    const receipt = { key: KEY, sizeBytes: 5, proof: 'full-crc32', atMs: Date.now() - ageMs };
    await writeFile(`${paths.receipt}.tmp`, JSON.stringify(receipt));
    await rename(`${paths.receipt}.tmp`, paths.receipt);
    await waitFor(() => watch.receipts.has(ID), { what: 'the receipt to be seen', deadlineMs: 5_000 });
  }
  await rm(paths.recording);
  await watch.stop();
  expect([...watch.vanished]).toEqual([ID]);
  expect([...watch.reclaimed]).toEqual(violation === null ? [ID] : []);
  expect(watch.violations).toEqual(violation === null ? [] : [expect.stringMatching(violation)]);
});
