import { expect, test } from 'vitest';
import { type DrainObserver, drainSpool } from '../../src/activities/drain-spool.js';
import { sendTo } from '../../src/activities/send-segment.js';
import type { SendSegment } from '../../src/activities/upload.js';
import { systemClock } from '../../src/clock.js';
import { parseCameraId } from '../../src/domain/ids.js';
import { createBufferPool } from '../../src/object-store/buffer-pool.js';
import { MemoryStore } from '../../src/object-store/memory.js';
import { StoreError } from '../../src/object-store/object-store.js';
import { redact } from '../../src/redact.js';
import { MemorySpool, sealedSegment } from '../support/memory-spool.js';

const NEVER = new AbortController().signal;
const START_MS = Date.UTC(2025, 11, 14, 1, 30);

function draining(counts: Readonly<Record<string, number>>, send?: (usual: SendSegment) => SendSegment) {
  const store = new MemoryStore();
  const spool = new MemorySpool('r1');
  for (const [camera, count] of Object.entries(counts)) {
    for (let index = 0; index < count; index += 1) {
      const fromMs = START_MS + index * 900_000;
      spool.add(sealedSegment(parseCameraId(camera), spool.recorder, index, fromMs));
    }
  }
  const told: string[] = [];
  const observer: DrainObserver = {
    remains: (segments) => void told.push(`${segments.length} left`),
    stored: ({ camera, index }) => void told.push(`${camera} ${index}`),
    failed: ({ camera, index }) => void told.push(`${camera} ${index} failed`),
  };
  const usual = sendTo(store, createBufferPool(2));
  const deps = { spool, send: send?.(usual) ?? usual, atOnce: 1, retryMs: 1, clock: systemClock, observer };
  return { spool, told, drain: async (signal = NEVER) => await drainSpool(deps, signal) };
}

const unsent = ({ segments }: MemorySpool) => [...segments.values()].filter(({ kind }) => kind !== 'stored').length;

test('everything is sent, oldest first, the cameras in turn; nothing is deleted', async () => {
  const { spool, told, drain } = draining({ a: 3, b: 1 });
  await drain();
  expect(told).toEqual(['4 left', 'a 0', 'b 0', 'a 1', 'a 2', '0 left']);
  expect([...spool.segments.values()].map(({ kind }) => kind)).toEqual(Array(4).fill('stored'));
});

test('one that fails keeps no other waiting, and is tried again', async () => {
  let isBroken = true;
  const { told, drain } = draining({ a: 2 }, (usual) => async (request) => {
    if (request.segment.index !== 0 || !isBroken) return await usual(request);
    isBroken = false;
    throw new StoreError('store-proof-failed', redact('it is not what was sent'));
  });
  await drain();
  expect(told).toEqual(['2 left', 'a 0 failed', 'a 1', '1 left', 'a 0', '0 left']);
});

test('while the store is away only one is tried', async () => {
  let isAway = true;
  const { told, drain } = draining({ a: 50 }, (usual) => async (request) => {
    if (!isAway) return await usual(request);
    isAway = false;
    throw new StoreError('store-unreachable', redact('nobody answers'));
  });
  await drain();
  expect(told.slice(0, 3)).toEqual(['50 left', 'a 0 failed', '50 left']);
  expect(told.at(-1)).toBe('0 left');
});

test('aborted, it ends with the signal’s reason, and leaves what was not sent with its checkpoint', async () => {
  const stop = new AbortController();
  const { spool, drain } = draining({ a: 3 }, (usual) => async (request) => {
    if (request.segment.index === 0) return await usual(request);
    await request.onCheckpoint({ key: 'k', uploadId: 'u', partSizeBytes: 1 } as never);
    stop.abort(new Error('Ctrl-C'));
    throw stop.signal.reason;
  });
  await expect(drain(stop.signal)).rejects.toThrow('Ctrl-C');
  expect(unsent(spool)).toBe(2);
  expect([...spool.segments.values()].map(({ kind }) => kind)).toEqual(['stored', 'uploading', 'sealed']);
});
