import { createHash } from 'node:crypto';
import { crc32 } from 'node:zlib';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { crc32Hex } from '../../src/domain/crc32.js';
import { type ObjectKey, parseObjectKey } from '../../src/domain/ids.js';
import type { UploadCheckpoint } from '../../src/domain/receipt.js';
import type { ObjectStore, StoredPart } from '../../src/object-store/object-store.js';
import { planParts } from '../../src/object-store/part-plan.js';
import { bytesOf } from '../object-store/byte-source.js';

const PART_SIZE_BYTES = 5 * 1024 * 1024;
const signal = AbortSignal.timeout(60_000);

/** What every `ObjectStore` promises. `open` gives one whose bucket does not exist yet. */
export function describeObjectStore(name: string, open: () => ObjectStore): void {
  describe(`an object store: ${name}`, () => {
    let store: ObjectStore;
    let lastKey = 0;
    const newKey = (): ObjectKey => parseObjectKey(`camera-1/2025${++lastKey}/00-00-00_camera-1.mp4`);
    const begin = async (key: ObjectKey, metadata = {}): Promise<UploadCheckpoint> => {
      const { uploadId } = await store.createUpload(key, metadata, signal);
      return { key, uploadId, partSizeBytes: PART_SIZE_BYTES };
    };
    const send = async (upload: UploadCheckpoint, bytes: Buffer): Promise<readonly StoredPart[]> =>
      await Promise.all(
        planParts(bytes.length, PART_SIZE_BYTES).map(async (part) => {
          const body = bytes.subarray(part.offsetBytes, part.offsetBytes + part.sizeBytes);
          return await store.putPart(upload, { ...part, crc32Hex: hexOf(body) }, body, signal);
        }),
      );

    beforeAll(async () => {
      store = open();
      expect(await store.ensureBucket(signal)).toBe('created');
    });
    afterAll(() => store.close());

    it('finds a bucket that is there', async () => {
      expect(await store.ensureBucket(signal)).toBe('exists');
    });

    it('has nothing where nothing was put', async () => {
      const key = newKey();
      expect(await store.head(key, signal)).toBeUndefined();
      await expect(store.read(key, { offsetBytes: 0, sizeBytes: 1 }, signal)).rejects.toMatchObject({
        code: 'store-unexpected',
      });
    });

    it('gives a link to an object', async () => {
      const key = newKey();
      await store.putSmall(key, Buffer.from('to be read'), {}, signal);
      const link = new URL(await store.link(key, 60));
      expect(link.pathname.endsWith(`/${key}`)).toBe(true);
      expect(link.href).not.toBe(await store.link(key, 61));
      if (!link.protocol.startsWith('http')) return;
      expect(await (await fetch(link, { signal })).text()).toBe('to be read');
      link.searchParams.set('X-Amz-Expires', '3600');
      expect((await fetch(link, { signal })).status).toBe(403);
    });

    it('gives back a small object, its size, time and metadata', async () => {
      const key = newKey();
      const before = Date.now();
      await store.putSmall(key, Buffer.from('a gap'), { cause: 'camera-stalled' }, signal);
      const stored = await store.head(key, signal);
      expect(stored).toMatchObject({
        sizeBytes: 5,
        crc32Hex: hexOf(Buffer.from('a gap')),
        metadata: { cause: 'camera-stalled' },
      });
      expect(stored?.etag).toBe(createHash('md5').update('a gap').digest('hex'));
      for (const timeMs of [stored?.storeTimeMs, stored?.lastModifiedMs]) {
        expect(Math.abs((timeMs ?? 0) - before)).toBeLessThan(10_000);
      }
      await store.putSmall(key, Buffer.from('another gap'), {}, signal);
      expect(await store.head(key, signal)).toMatchObject({ sizeBytes: 11, metadata: {} });
    });

    it.each([
      { range: { offsetBytes: 0, sizeBytes: 4 }, text: '0123' },
      { range: { offsetBytes: 8, sizeBytes: 10 }, text: '89' },
      { range: { offsetBytes: 10, sizeBytes: 4 }, text: '' },
      { range: { offsetBytes: 20, sizeBytes: 4 }, text: '' },
      { range: { offsetBytes: 4, sizeBytes: 0 }, text: '' },
    ])('reads $range.sizeBytes bytes at $range.offsetBytes of ten as "$text"', async ({ range, text }) => {
      const key = newKey();
      await store.putSmall(key, Buffer.from('0123456789'), {}, signal);
      expect(Buffer.from(await store.read(key, range, signal)).toString()).toBe(text);
    });

    it('makes an object of parts, with metadata and the checksum of the whole', async () => {
      const key = newKey();
      const bytes = bytesOf(PART_SIZE_BYTES + 1000);
      const upload = await begin(key, { 'recording-sha256': 'abc' });
      const parts = await send(upload, bytes);
      expect(await store.listParts(upload, signal)).toEqual(parts);
      expect(await store.complete(upload, parts, hexOf(bytes), signal)).toBe('created');
      expect(await store.head(key, signal)).toMatchObject({
        sizeBytes: bytes.length,
        crc32Hex: hexOf(bytes),
        metadata: { 'recording-sha256': 'abc' },
        etag: expect.stringMatching(/-2$/),
      });
      const border = await store.read(key, { offsetBytes: PART_SIZE_BYTES - 5, sizeBytes: 10 }, signal);
      expect(Buffer.from(border)).toEqual(bytes.subarray(PART_SIZE_BYTES - 5, PART_SIZE_BYTES + 5));
    });

    it('lists no parts of an upload that has none', async () => {
      expect(await store.listParts(await begin(newKey()), signal)).toEqual([]);
    });

    it('lists a part that was sent twice twice, and takes the one that is named', async () => {
      const upload = await begin(newKey());
      const [first] = await send(upload, bytesOf(1000, 1));
      await send(upload, bytesOf(1000, 2));
      const listed = await store.listParts(upload, signal);
      expect(listed?.map(({ number }) => number)).toEqual([1, 1]);
      expect(await store.complete(upload, [present(first)], hexOf(bytesOf(1000, 1)), signal)).toBe('created');
      const read = await store.read(upload.key, { offsetBytes: 0, sizeBytes: 1000 }, signal);
      expect(bytesOf(1000, 1).equals(read)).toBe(true);
    });

    it('refuses a part that arrives changed, and goes on with the upload', async () => {
      const upload = await begin(newKey());
      const body = bytesOf(1000);
      const part = { number: 1, offsetBytes: 0, sizeBytes: 1000 };
      await expect(store.putPart(upload, { ...part, crc32Hex: '00000000' }, body, signal)).rejects.toMatchObject({
        code: 'store-rejected-bytes',
        message: expect.stringContaining(`upload part 1 of ${upload.key}`),
      });
      expect(await store.listParts(upload, signal)).toEqual([]);
      await store.putPart(upload, { ...part, crc32Hex: hexOf(body) }, body, signal);
    });

    it('refuses to make an object with another checksum, and keeps the upload', async () => {
      const upload = await begin(newKey());
      const parts = await send(upload, bytesOf(1000));
      await expect(store.complete(upload, parts, '00000000', signal)).rejects.toMatchObject({
        code: 'store-rejected-bytes',
      });
      expect(await store.head(upload.key, signal)).toBeUndefined();
      expect(await store.listParts(upload, signal)).toHaveLength(1);
    });

    it('makes no object of parts it does not have, or that are too small', async () => {
      const upload = await begin(newKey());
      const [part] = await send(upload, bytesOf(1000));
      const unknown = { ...present(part), etag: '0'.repeat(32) };
      await expect(store.complete(upload, [unknown], '00000000', signal)).rejects.toMatchObject({
        code: 'store-upload-gone',
      });
      const body = bytesOf(10);
      const second = { number: 2, offsetBytes: 1000, sizeBytes: 10, crc32Hex: hexOf(body) };
      const parts = [present(part), await store.putPart(upload, second, body, signal)];
      await expect(
        store.complete(upload, parts, hexOf(Buffer.concat([bytesOf(1000), body])), signal),
      ).rejects.toMatchObject({
        code: 'store-upload-gone',
      });
    });

    it('says "ask head" when the key is taken, and when the upload was completed before', async () => {
      const key = newKey();
      const [first, second] = [await begin(key), await begin(key)];
      const parts = await send(first, bytesOf(1000));
      const others = await send(second, bytesOf(1000, 2));
      expect(await store.complete(first, parts, hexOf(bytesOf(1000)), signal)).toBe('created');
      expect(await store.complete(first, parts, hexOf(bytesOf(1000)), signal)).toBe('ask-head');
      expect(await store.complete(second, others, hexOf(bytesOf(1000, 2)), signal)).toBe('ask-head');
      expect(await store.head(key, signal)).toMatchObject({ crc32Hex: hexOf(bytesOf(1000)) });
      expect(await store.listParts(second, signal)).toHaveLength(1);
      await store.abort(second, signal);
    });

    it('knows nothing of an upload that was completed or aborted, and aborts it again', async () => {
      const [completed, aborted] = [await begin(newKey()), await begin(newKey())];
      await store.complete(completed, await send(completed, bytesOf(1000)), hexOf(bytesOf(1000)), signal);
      await store.abort(aborted, signal);
      for (const gone of [completed, aborted]) {
        expect(await store.listParts(gone, signal)).toBeUndefined();
        await expect(send(gone, bytesOf(1000))).rejects.toMatchObject({ code: 'store-upload-gone' });
        await store.abort(gone, signal);
      }
      expect(await store.head(completed.key, signal)).toBeDefined();
    });

    it('lists the unfinished uploads below a prefix', async () => {
      const upload = await begin(parseObjectKey('camera-9/20250101/00-00-00_camera-9.mp4'));
      await begin(newKey());
      const found = await gathered(store.listUploads('camera-9/', signal));
      expect(found).toMatchObject([{ key: upload.key, uploadId: upload.uploadId }]);
    });

    it('lists objects below a prefix in the order of their keys, and deletes them', async () => {
      const keys = ['listed/b/1.mp4', 'listed/a/2.mp4', 'listed/a/1.mp4'].map(parseObjectKey);
      for (const key of keys) await store.putSmall(key, Buffer.from('12345'), {}, signal);
      const found = await gathered(store.list('listed/', signal));
      expect(found.map(({ key }) => key)).toEqual([...keys].sort());
      expect(found[0]).toMatchObject({ sizeBytes: 5 });
      const missing = parseObjectKey('listed/never-there.mp4');
      expect(await store.delete([...keys.slice(0, 2), missing], signal)).toEqual([]);
      expect(await gathered(store.list('listed/', signal))).toMatchObject([{ key: 'listed/a/1.mp4' }]);
      expect(await gathered(store.list('nothing-here/', signal))).toEqual([]);
    });

    it('lists the folders one step below a prefix', async () => {
      for (const text of ['shelf/a/1.json', 'shelf/a/b/2.json', 'shelf/c/3.json', 'shelf/4.json']) {
        await store.putSmall(parseObjectKey(text), Buffer.from('{}'), {}, signal);
      }
      expect(await store.folders('shelf/', signal)).toEqual(['shelf/a/', 'shelf/c/']);
      expect(await store.folders('', signal)).toContain('shelf/');
      expect(await store.folders('nothing-here/', signal)).toEqual([]);
    });

    it('reads a small object whole, and none that is larger than it may be', async () => {
      const key = parseObjectKey('shelf/small.json');
      expect(await store.readSmall(key, 100, signal)).toBeUndefined();
      await store.putSmall(key, Buffer.from('0123456789'), {}, signal);
      const read = present(await store.readSmall(key, 100, signal));
      expect(Buffer.from(read.body).toString()).toBe('0123456789');
      expect(read.etag).toBe(present(await store.head(key, signal)).etag);
      await expect(store.readSmall(key, 9, signal)).rejects.toMatchObject({ code: 'store-unexpected' });
    });

    it('replaces a small object only if it is still what it was', async () => {
      const key = parseObjectKey('shelf/replaced.json');
      const put = async (text: string, etag: string | null) =>
        await store.replaceSmall(key, Buffer.from(text), etag, signal);
      const etag = async () => present(await store.readSmall(key, 100, signal)).etag;
      expect(await put('lost', '0'.repeat(32))).toBe('changed');
      expect(await put('one', null)).toBe('stored');
      expect(await put('another', null)).toBe('changed');
      const first = await etag();
      expect(await put('two', first)).toBe('stored');
      expect(await put('three', first)).toBe('changed');
      expect(Buffer.from(present(await store.readSmall(key, 100, signal)).body).toString()).toBe('two');
    });

    it('lets one of two win that replace the same small object at once', async () => {
      const key = parseObjectKey('shelf/contested.json');
      await store.putSmall(key, Buffer.from('old'), {}, signal);
      const { etag } = present(await store.readSmall(key, 100, signal));
      const put = async (text: string) => await store.replaceSmall(key, Buffer.from(text), etag, signal);
      expect((await Promise.all([put('one'), put('other')])).sort()).toEqual(['changed', 'stored']);
    });

    it('tells its time, to the second, and that it deletes nothing by itself', async () => {
      expect(Math.abs((await store.timeMs(signal)) - Date.now())).toBeLessThan(10_000);
      expect(await store.expiryRules(signal)).toEqual([]);
    });

    it('does nothing once the signal is aborted, and throws its reason', async () => {
      const reason = new Error('enough');
      const aborted = AbortSignal.abort(reason);
      const upload = await begin(newKey());
      await expect(store.head(upload.key, aborted)).rejects.toBe(reason);
      await expect(store.createUpload(upload.key, {}, aborted)).rejects.toBe(reason);
      await expect(store.complete(upload, [], '00000000', aborted)).rejects.toBe(reason);
      await expect(gathered(store.list('', aborted))).rejects.toBe(reason);
    });
  });
}

function hexOf(bytes: Uint8Array): string {
  return crc32Hex(crc32(bytes));
}

async function gathered<T>(items: AsyncIterable<T>): Promise<T[]> {
  const all: T[] = [];
  for await (const item of items) all.push(item);
  return all;
}

function present<T>(value: T | undefined): T {
  if (value === undefined) throw new Error('nothing there');
  return value;
}
