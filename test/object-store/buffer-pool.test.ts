import { describe, expect, it } from 'vitest';
import { createBufferPool } from '../../src/object-store/buffer-pool.js';

const { signal } = new AbortController();

describe('a buffer pool', () => {
  it('lets nobody have more buffers than there are, and serves in order', async () => {
    const pool = createBufferPool(2);
    const [first] = [await pool.acquire(10, signal), await pool.acquire(10, signal)];
    const served: string[] = [];
    const third = pool.acquire(10, signal).then((buffer) => {
      served.push('third');
      return buffer;
    });
    const fourth = pool.acquire(10, signal).then(() => served.push('fourth'));
    await Promise.resolve();
    expect(served).toEqual([]);
    first?.release();
    (await third).release();
    await fourth;
    expect(served).toEqual(['third', 'fourth']);
  });

  it('gives a buffer of the size that is asked for, and the same memory again while others are out', async () => {
    const pool = createBufferPool(2);
    await pool.acquire(1, signal);
    const large = await pool.acquire(100, signal);
    expect(large.bytes).toHaveLength(100);
    large.release();
    const small = await pool.acquire(60, signal);
    expect(small.bytes).toHaveLength(60);
    expect(small.bytes.buffer).toBe(large.bytes.buffer);
    small.release();
    expect((await pool.acquire(200, signal)).bytes).toHaveLength(200);
  });

  it('keeps no memory when nobody holds a buffer', async () => {
    const pool = createBufferPool(2);
    const before = await pool.acquire(100, signal);
    before.release();
    expect((await pool.acquire(100, signal)).bytes.buffer).not.toBe(before.bytes.buffer);
  });

  it('takes a buffer back once, however often it is released', async () => {
    const pool = createBufferPool(1);
    const first = await pool.acquire(1, signal);
    first.release();
    first.release();
    await pool.acquire(1, signal);
    await expect(pool.acquire(1, AbortSignal.timeout(20))).rejects.toMatchObject({ name: 'TimeoutError' });
  });

  it('lets go of who aborts while waiting, and serves the next', async () => {
    const pool = createBufferPool(1);
    const held = await pool.acquire(1, signal);
    const leaving = new AbortController();
    const left = pool.acquire(1, leaving.signal);
    const next = pool.acquire(1, signal);
    leaving.abort(new Error('gone'));
    await expect(left).rejects.toThrow('gone');
    held.release();
    expect((await next).bytes).toHaveLength(1);
    await expect(pool.acquire(1, leaving.signal)).rejects.toThrow('gone');
  });

  it('refuses to be of no use', () => {
    expect(() => createBufferPool(0)).toThrow(RangeError);
  });
});
