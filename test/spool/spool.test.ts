import { readdir, readFile, rm, stat, truncate, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { parseCameraId, parseObjectKey } from '../../src/domain/ids.js';
import { segmentPathsOf } from '../../src/spool/layout.js';
import { closedRecording, collect, confirmationFor, receiptFor, spoolIn, temporaryFolder } from './segments.js';

describe('sealing', () => {
  test('a sealed segment is listed, and read as header and recording in one', async () => {
    const spool = await spoolIn(await temporaryFolder());
    const request = await closedRecording(spool.layout);
    await spool.seal(request);

    expect(await collect(spool.list())).toEqual([
      { kind: 'sealed', segment: request.segment, sealedAtMs: expect.any(Number) },
    ]);
    const source = await spool.read(request.segment.id);
    const whole = Buffer.alloc(source.sizeBytes);
    await source.read(whole, 0);
    const across = Buffer.alloc(5);
    await source.read(across, 4);
    await source.close();
    await source.close();
    expect([whole.toString(), across.toString()]).toEqual(['headerrecording', 'errec']);
    await expect(source.read(across, 0)).rejects.toThrow();
  });

  test('a read past the end is refused instead of filled short', async () => {
    const spool = await spoolIn(await temporaryFolder());
    const request = await closedRecording(spool.layout);
    await spool.seal(request);
    const source = await spool.read(request.segment.id);
    await expect(source.read(Buffer.alloc(2), source.sizeBytes - 1)).rejects.toThrow(RangeError);
    await source.close();
  });

  test('a recording without a header is the object itself', async () => {
    const spool = await spoolIn(await temporaryFolder());
    const request = await closedRecording(spool.layout, { header: null });
    await spool.seal(request);
    const source = await spool.read(request.segment.id);
    const whole = Buffer.alloc(source.sizeBytes);
    await source.read(whole, 0);
    await source.close();
    expect(whole.toString()).toBe('recording');
  });

  test('sealing again changes nothing, and no other sidecar replaces the first', async () => {
    const spool = await spoolIn(await temporaryFolder());
    const request = await closedRecording(spool.layout);
    await spool.seal(request);
    await Promise.all([spool.seal(request), spool.seal({ ...request, segment: { ...request.segment, toMs: 1 } })]);
    expect((await spool.find(request.segment.id))?.segment).toEqual(request.segment);
  });

  test('sizes that contradict the sidecar are refused before anything moves', async () => {
    const spool = await spoolIn(await temporaryFolder());
    const request = await closedRecording(spool.layout);
    await truncate(request.recordingPath, 3);
    await expect(spool.seal(request)).rejects.toMatchObject({ code: 'invalid-input' });
    expect((await stat(request.recordingPath)).size).toBe(3);
    await rm(request.recordingPath);
    await expect(spool.seal(request)).rejects.toMatchObject({ code: 'segment-missing' });
  });

  test('the list is oldest first over all cameras', async () => {
    const spool = await spoolIn(await temporaryFolder());
    const other = parseCameraId('another');
    for (const wish of [
      { index: 2, fromMs: 30 },
      { of: other, index: 1, fromMs: 20 },
      { index: 10_000, fromMs: 40 },
      { of: other, index: 0, fromMs: 10 },
    ]) {
      await spool.seal(await closedRecording(spool.layout, wish));
    }
    expect((await collect(spool.list())).map(({ segment }) => segment.fromMs)).toEqual([10, 20, 30, 40]);
  });

  test('folders and files are for their owner only', async () => {
    const root = join(await temporaryFolder(), 'new');
    const spool = await spoolIn(root);
    const request = await closedRecording(spool.layout);
    await spool.seal(request);
    const paths = segmentPathsOf(spool.layout, request.segment.id);
    const modes = [];
    for (const path of [
      root,
      spool.layout.sealedDir(request.segment.camera),
      paths.header,
      paths.sidecar,
      join(root, 'recorder-id'),
      join(root, 'reserve'),
    ]) {
      modes.push(((await stat(path)).mode & 0o777).toString(8));
    }
    expect(modes).toEqual(['700', '700', '600', '600', '600', '600']);
  });
});

describe('uploading', () => {
  test('a segment goes from sealed to uploading to stored, and back when the store lost it', async () => {
    const spool = await spoolIn(await temporaryFolder());
    const request = await closedRecording(spool.layout);
    const { id } = request.segment;
    await spool.seal(request);
    const checkpoint = { key: parseObjectKey('a/b.mp4'), uploadId: 'u', partSizeBytes: 8 };
    const kinds = [];
    for (const change of [
      () => spool.recordCheckpoint(id, checkpoint),
      () => spool.recordReceipt(id, receiptFor(request.segment)),
      () => spool.recordReceipt(id, null),
      () => spool.recordCheckpoint(id, checkpoint),
      () => spool.recordCheckpoint(id, null),
    ]) {
      await change();
      kinds.push((await spool.find(id))?.kind);
    }
    expect(kinds).toEqual(['uploading', 'stored', 'sealed', 'uploading', 'sealed']);
  });

  test('a segment that the store has damaged is sealed again, and a receipt for that key never counts', async () => {
    const root = await temporaryFolder();
    const spool = await spoolIn(root);
    const request = await closedRecording(spool.layout);
    const { id } = request.segment;
    const receipt = receiptFor(request.segment);
    await spool.seal(request);
    await spool.recordReceipt(id, receipt);
    await spool.recordDamage(id, receipt.key);
    await spool.recordDamage(id, receipt.key);
    const reopened = await spoolIn(root);
    expect(await reopened.damagedKeys(id)).toEqual([receipt.key]);
    expect((await reopened.find(id))?.kind).toBe('sealed');
    await reopened.recordReceipt(id, receipt);
    expect((await reopened.find(id))?.kind).toBe('sealed');
    await reopened.recordReceipt(id, { ...receipt, key: parseObjectKey('elsewhere.mp4') });
    expect((await reopened.find(id))?.kind).toBe('stored');
    await reopened.reclaim({ ...confirmationFor(request.segment), key: parseObjectKey('elsewhere.mp4') } as never);
    expect(await readdir(reopened.layout.sealedDir(request.segment.camera))).toEqual([]);
  });

  test('a receipt or checkpoint that comes after the segment is gone leaves nothing behind', async () => {
    const spool = await spoolIn(await temporaryFolder());
    const request = await closedRecording(spool.layout);
    const { segment } = request;
    await spool.seal(request);
    await spool.recordReceipt(segment.id, receiptFor(segment));
    await spool.reclaim(confirmationFor(segment));
    await spool.recordReceipt(segment.id, receiptFor(segment));
    await spool.recordCheckpoint(segment.id, { key: parseObjectKey('a/b'), uploadId: 'u', partSizeBytes: 8 });
    expect(await readdir(spool.layout.sealedDir(segment.camera))).toEqual([]);
  });
});

describe('reclaiming', () => {
  test('a confirmed segment is deleted, once or twice', async () => {
    const spool = await spoolIn(await temporaryFolder());
    const request = await closedRecording(spool.layout);
    const { segment } = request;
    await spool.seal(request);
    await spool.recordReceipt(segment.id, receiptFor(segment));
    await Promise.all([spool.reclaim(confirmationFor(segment)), spool.reclaim(confirmationFor(segment))]);
    expect(await readdir(spool.layout.sealedDir(segment.camera))).toEqual([]);
    expect(await spool.find(segment.id)).toBeUndefined();
    await expect(spool.read(segment.id)).rejects.toMatchObject({ code: 'segment-missing' });
  });

  test('a confirmation whose receipt was withdrawn, or was for another key, deletes nothing', async () => {
    const spool = await spoolIn(await temporaryFolder());
    const request = await closedRecording(spool.layout);
    const { segment } = request;
    await spool.seal(request);
    await expect(spool.reclaim(confirmationFor(segment))).rejects.toMatchObject({ code: 'invalid-input' });
    await spool.recordReceipt(segment.id, { ...receiptFor(segment), key: parseObjectKey('else.mp4') });
    await expect(spool.reclaim(confirmationFor(segment))).rejects.toMatchObject({ code: 'invalid-input' });
    await (await spool.read(segment.id)).close();
  });
});

describe('what does not belong', () => {
  test('an unreadable sidecar is quarantined with its reason and never hides the next segment', async () => {
    const root = await temporaryFolder();
    const spool = await spoolIn(root);
    const [bad, good] = [await closedRecording(spool.layout), await closedRecording(spool.layout, { index: 1 })];
    await spool.seal(bad);
    await spool.seal(good);
    await writeFile(segmentPathsOf(spool.layout, bad.segment.id).sidecar, '{"schema":1');

    const reopened = await spoolIn(root);
    expect((await collect(reopened.list())).map(({ segment }) => segment.id)).toEqual([good.segment.id]);
    const quarantined = await readdir(spool.layout.quarantineDir);
    expect(quarantined).toHaveLength(2);
    expect(
      await readFile(
        join(spool.layout.quarantineDir, quarantined.find((name) => name.endsWith('.reason.txt')) ?? ''),
        'utf8',
      ),
    ).toMatch(/JSON/);
    // The footage goes back to where a recorder finds what a crash left.
    expect(await readFile(bad.recordingPath, 'utf8')).toBe('recording');
  });

  test.each([
    ['receipt', 'sealed'],
    ['checkpoint', 'sealed'],
  ] as const)('an unreadable %s is quarantined and the segment is %s again', async (file, kind) => {
    const spool = await spoolIn(await temporaryFolder());
    const request = await closedRecording(spool.layout);
    await spool.seal(request);
    await writeFile(segmentPathsOf(spool.layout, request.segment.id)[file], 'no json');
    expect((await spool.find(request.segment.id))?.kind).toBe(kind);
    expect((await spool.usage()).byState.quarantined.count).toBe(1);
  });

  test('a sealed segment whose recording is missing stays listed, and cannot be read', async () => {
    const root = await temporaryFolder();
    const spool = await spoolIn(root);
    const request = await closedRecording(spool.layout);
    await spool.seal(request);
    await rm(segmentPathsOf(spool.layout, request.segment.id).recording);
    const reopened = await spoolIn(root);
    expect(await collect(reopened.list())).toHaveLength(1);
    await expect(reopened.read(request.segment.id)).rejects.toMatchObject({ code: 'segment-missing' });
  });

  test('files of others stay where they are', async () => {
    const root = await temporaryFolder();
    const spool = await spoolIn(root);
    const request = await closedRecording(spool.layout);
    await spool.seal(request);
    const foreign = ['notes.txt', 'other_20251214T013002Z-7f3a_0001.json', 'x.tmp'];
    for (const name of foreign) await writeFile(join(spool.layout.sealedDir(request.segment.camera), name), 'x');
    expect(await collect((await spoolIn(root)).list())).toHaveLength(1);
    expect(await readdir(spool.layout.sealedDir(request.segment.camera))).toEqual(expect.arrayContaining(foreign));
  });

  test('quarantine never overwrites, and is quiet about what is not there', async () => {
    const root = await temporaryFolder();
    const spool = await spoolIn(root);
    for (const text of ['one', 'two']) {
      await writeFile(join(root, 'strange'), text);
      await spool.quarantine(join(root, 'strange'), 'a test');
    }
    await spool.quarantine(join(root, 'strange'), 'a test');
    expect((await spool.usage()).byState.quarantined).toEqual({ bytes: expect.any(Number), count: 2 });
  });
});

test('usage counts bytes and segments by state, and the oldest end without a receipt', async () => {
  const spool = await spoolIn(await temporaryFolder());
  const open = await closedRecording(spool.layout, { index: 9 });
  await writeFile(join(dirname(open.recordingPath), 'ffmpeg.log'), 'log');
  const requests = [];
  for (const index of [0, 1, 2]) requests.push(await closedRecording(spool.layout, { index, fromMs: index * 10_000 }));
  for (const request of requests) await spool.seal(request);
  const first = requests[0]?.segment;
  if (first === undefined) throw new Error('no segment');
  await spool.recordReceipt(first.id, receiptFor(first));
  const usage = await spool.usage();
  expect(usage.byState).toEqual({
    open: { bytes: 12, count: 1 },
    sealed: { bytes: 30, count: 2 },
    uploading: { bytes: 0, count: 0 },
    stored: { bytes: 15, count: 1 },
    quarantined: { bytes: 0, count: 0 },
  });
  expect(usage.oldestUnsentMs).toBe(20_000);
  expect(usage.freeBytes).toBeGreaterThan(0);
  expect(usage.totalBytes).toBeGreaterThan(usage.freeBytes);
});
