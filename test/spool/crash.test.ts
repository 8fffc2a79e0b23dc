import { readdir, readFile, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { parseObjectKey } from '../../src/domain/ids.js';
import type { SealRequest, Spool } from '../../src/spool/spool.js';
import { Crash, errnoError, type FailingDisk, failingDisk } from './failing-disk.js';
import { camera, closedRecording, collect, confirmationFor, receiptFor, spoolIn, temporaryFolder } from './segments.js';

interface Prepared {
  readonly root: string;
  readonly disk: FailingDisk;
  readonly spool: Spool;
  readonly request: SealRequest;
}

async function prepared(): Promise<Prepared> {
  const root = await temporaryFolder();
  const disk = failingDisk();
  const spool = await spoolIn(root, disk);
  const request = await closedRecording(spool.layout);
  disk.steps.length = 0;
  return { root, disk, spool, request };
}

/** Crashes `work` before each of its steps in turn, a new spool each time, until it gets through; resolves to how often it crashed. */
async function crashAtEachStep(
  prepare: () => Promise<Prepared>,
  work: (prepared: Prepared) => Promise<void>,
  check: (root: string, request: SealRequest, step: number) => Promise<void>,
): Promise<number> {
  for (let step = 0; ; step += 1) {
    const ready = await prepare();
    ready.disk.crashAt(step);
    const outcome = await work(ready).then(
      () => 'done',
      (error: unknown) => error,
    );
    if (outcome === 'done') return step;
    expect(outcome).toBeInstanceOf(Crash);
    await check(ready.root, ready.request, step);
  }
}

async function contentOf(spool: Spool, request: SealRequest): Promise<string> {
  const source = await spool.read(request.segment.id);
  const bytes = Buffer.alloc(source.sizeBytes);
  await source.read(bytes, 0);
  await source.close();
  return bytes.toString();
}

describe('sealing', () => {
  test('takes these steps, in this order', async () => {
    const { disk, spool, request } = await prepared();
    await spool.seal(request);
    const { id, session } = request.segment;
    expect(disk.steps).toEqual([
      `folder ${camera}/`,
      `write ${id}.header.tmp`,
      'sync 000000.mp4',
      `write ${id}.json.tmp`,
      `rename ${id}.header.tmp ${id}.header`,
      `rename 000000.mp4 ${id}.recording.mp4`,
      `sync ${camera}/`,
      `sync ${session}/`,
      `rename ${id}.json.tmp ${id}.json`,
      `sync ${camera}/`,
    ]);
  });

  test('that crashes before any step is finished or undone when the spool is opened, and can be repeated', async () => {
    const endings: string[] = [];
    const crashes = await crashAtEachStep(
      prepared,
      ({ spool, request }) => spool.seal(request),
      async (root, request) => {
        const reopened = await spoolIn(root);
        const listed = await collect(reopened.list());
        endings.push(listed.length === 1 ? 'finished' : 'undone');
        if (listed.length === 0) {
          expect(await readFile(request.recordingPath, 'utf8')).toBe('recording');
          expect(await readdir(reopened.layout.sealedDir(camera)).catch(() => [])).toEqual([]);
          await reopened.seal(request);
        }
        expect(await contentOf(reopened, request)).toBe('headerrecording');
        expect((await reopened.find(request.segment.id))?.segment).toEqual(request.segment);
        expect((await readdir(reopened.layout.sealedDir(camera))).length).toBe(3);
        expect(await readdir(reopened.layout.quarantineDir)).toEqual([]);
      },
    );
    expect(crashes).toBe(10);
    expect(endings.indexOf('finished')).toBe(6);
    expect(endings.lastIndexOf('undone')).toBe(5);
  });

  test('that fails at any step and lives on goes through when it is asked again', async () => {
    for (let step = 0; step < 10; step += 1) {
      const { disk, spool, request } = await prepared();
      let seen = -1;
      disk.failWhile(() => {
        seen += 1;
        return seen === step;
      }, errnoError('EIO'));
      await expect(spool.seal(request)).rejects.toMatchObject({ code: 'spool-failing' });
      await spool.seal(request);
      expect(await contentOf(spool, request)).toBe('headerrecording');
    }
  });

  test('that failed at any step is seen by find as sealed, or its recording is where it was', async () => {
    const endings: string[] = [];
    for (let step = 0; step < 10; step += 1) {
      const { disk, spool, request } = await prepared();
      let seen = -1;
      disk.failWhile(() => {
        seen += 1;
        return seen === step;
      }, errnoError('EIO'));
      await expect(spool.seal(request)).rejects.toMatchObject({ code: 'spool-failing' });
      const found = await spool.find(request.segment.id);
      endings.push(found?.kind ?? 'open');
      if (found === undefined) expect(await readFile(request.recordingPath, 'utf8')).toBe('recording');
    }
    expect(endings.join(' ')).toBe('open open open open open open sealed sealed sealed sealed');
  });

  test('that crashed, of a copy whose original is still there, loses neither', async () => {
    const { root, disk, spool, request } = await prepared();
    const copy = { ...request, header: null, recordingPath: join(request.recordingPath, '..', '000000.remuxed.mp4') };
    const asIs = {
      ...copy,
      segment: { ...request.segment, sizeBytes: 9, recording: { ...request.segment.recording, offsetBytes: 0 } },
    };
    await writeFile(copy.recordingPath, 'remuxed!!');
    disk.failWhile((step) => step.startsWith('rename') && step.endsWith('.json'), errnoError('EIO'));
    await expect(spool.seal(asIs)).rejects.toMatchObject({ code: 'spool-failing' });
    await writeFile(`${spool.layout.sealedDir(camera)}/${asIs.segment.id}.json.tmp`, 'torn');

    const reopened = await spoolIn(root);
    expect(await collect(reopened.list())).toEqual([]);
    expect(await readFile(request.recordingPath, 'utf8')).toBe('recording');
    const quarantined = (await readdir(reopened.layout.quarantineDir)).filter((name) => name.endsWith('.mp4'));
    expect(await readFile(join(reopened.layout.quarantineDir, quarantined[0] ?? ''), 'utf8')).toBe('remuxed!!');
  });
});

test('a receipt or checkpoint that a crash cuts short is there whole, or not at all', async () => {
  const sealed = async (): Promise<Prepared> => {
    const ready = await prepared();
    await ready.spool.seal(ready.request);
    return ready;
  };
  const checkpoint = { key: parseObjectKey('a/b.mp4'), uploadId: 'u', partSizeBytes: 8 };
  const kinds = new Set<string | undefined>();
  const crashes = await crashAtEachStep(
    sealed,
    async ({ spool, request }) => {
      await spool.recordCheckpoint(request.segment.id, checkpoint);
      await spool.recordReceipt(request.segment.id, receiptFor(request.segment));
    },
    async (root, request) => {
      const reopened = await spoolIn(root);
      kinds.add((await reopened.find(request.segment.id))?.kind);
      expect((await readdir(reopened.layout.sealedDir(camera))).filter((name) => name.endsWith('.tmp'))).toEqual([]);
    },
  );
  expect(crashes).toBe(7);
  expect([...kinds]).toEqual(['sealed', 'uploading', 'stored']);
});

test('a segment whose deletion a crash cuts short is still stored and whole, or gone', async () => {
  const stored = async (): Promise<Prepared> => {
    const ready = await prepared();
    await ready.spool.seal(ready.request);
    await ready.spool.recordReceipt(ready.request.segment.id, receiptFor(ready.request.segment));
    return ready;
  };
  const endings: string[] = [];
  const crashes = await crashAtEachStep(
    stored,
    ({ spool, request }) => spool.reclaim(confirmationFor(request.segment)),
    async (root, request) => {
      const reopened = await spoolIn(root);
      const found = await reopened.find(request.segment.id);
      endings.push(found?.kind ?? 'gone');
      if (found !== undefined) expect(await contentOf(reopened, request)).toBe('headerrecording');
      else expect(await readdir(reopened.layout.sealedDir(camera))).toEqual([]);
      // Nothing was put back to be sealed and uploaded a second time.
      await expect(stat(request.recordingPath)).rejects.toMatchObject({ code: 'ENOENT' });
      await reopened.reclaim(confirmationFor(request.segment));
    },
  );
  expect(crashes).toBe(11);
  expect(new Set(endings)).toEqual(new Set(['stored', 'gone']));
});

test('a crash while the repair itself runs is repaired the next time', async () => {
  for (const crashed of [5, 6, 7]) {
    for (let step = 0; step < 12; step += 1) {
      const { root, disk, spool, request } = await prepared();
      disk.crashAt(crashed);
      await expect(spool.seal(request)).rejects.toThrow(Crash);
      const second = failingDisk();
      second.crashAt(4 + step);
      await spoolIn(root, second).catch((error: unknown) => expect(error).toBeInstanceOf(Crash));
      const reopened = await spoolIn(root);
      if ((await collect(reopened.list())).length === 0) await reopened.seal(request);
      expect(await contentOf(reopened, request)).toBe('headerrecording');
    }
  }
});

test('a segment found damaged in the store is, wherever a crash comes, stored as before or sealed with that key noted', async () => {
  const stored = async (): Promise<Prepared> => {
    const ready = await prepared();
    await ready.spool.seal(ready.request);
    await ready.spool.recordReceipt(ready.request.segment.id, receiptFor(ready.request.segment));
    return ready;
  };
  const { key } = receiptFor((await prepared()).request.segment);
  const endings = new Set<string>();
  await crashAtEachStep(
    stored,
    ({ spool, request }) => spool.recordDamage(request.segment.id, key),
    async (root, request) => {
      const reopened = await spoolIn(root);
      const { id } = request.segment;
      endings.add(`${(await reopened.find(id))?.kind}, ${(await reopened.damagedKeys(id)).length} noted`);
    },
  );
  expect(endings).toEqual(new Set(['stored, 0 noted', 'sealed, 1 noted']));
});
