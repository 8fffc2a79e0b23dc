import { existsSync } from 'node:fs';
import { stat } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { DEFAULT_SPEC } from '../../src/domain/camera.js';
import { parseObjectKey } from '../../src/domain/ids.js';
import type { Assignment } from '../../src/spool/spool.js';
import { errnoError, failingDisk } from './failing-disk.js';
import {
  camera,
  closedRecording,
  confirmationFor,
  RESERVE_BYTES,
  receiptFor,
  spoolIn,
  temporaryFolder,
} from './segments.js';

const checkpoint = { key: parseObjectKey('a/b.mp4'), uploadId: 'u', partSizeBytes: 8 };
const assignment: Assignment = {
  schema: 1,
  camera,
  spec: { ...DEFAULT_SPEC, source: { kind: 'secret', name: 'camera-1' } },
  desired: 'record',
  stopCause: null,
  lastEndedAtMs: null,
  notBeforeMs: null,
  openClaims: [],
  taskToken: null,
  updatedAtMs: 1,
};

async function fullDisk(isFull: (root: string) => () => boolean) {
  const root = await temporaryFolder();
  const disk = failingDisk();
  const spool = await spoolIn(root, disk);
  const request = await closedRecording(spool.layout);
  const full = isFull(root);
  disk.failWhile((step) => step.startsWith('write') && full(), errnoError('ENOSPC'));
  const reserve = async (): Promise<number> => (await stat(join(root, 'reserve')).catch(() => ({ size: 0 }))).size;
  return { root, spool, request, reserve, disk };
}

/** Full for as long as the reserve is there. */
function untilReserveIsGone(root: string): () => boolean {
  return () => existsSync(join(root, 'reserve'));
}

test('a full disk still takes seals, checkpoints, receipts and assignments: they get the reserve', async () => {
  for (const kind of ['seal', 'checkpoint', 'receipt', 'assignment'] as const) {
    const { spool, request, reserve, disk } = await fullDisk(() => () => false);
    await spool.seal(request);
    const other = await closedRecording(spool.layout, { index: 1 });
    expect(await reserve()).toBe(RESERVE_BYTES);
    disk.failWhile((step) => step.startsWith('write') && untilReserveIsGone(spool.layout.root)(), errnoError('ENOSPC'));
    if (kind === 'seal') await spool.seal(other);
    if (kind === 'checkpoint') await spool.recordCheckpoint(request.segment.id, checkpoint);
    if (kind === 'receipt') await spool.recordReceipt(request.segment.id, receiptFor(request.segment));
    if (kind === 'assignment') await spool.assignments.save(assignment);
    expect(await reserve()).toBe(0);
    await spool.restoreReserve();
    expect(await reserve()).toBe(RESERVE_BYTES);
  }
});

test('the reserve that was given up is taken back once a deletion made room', async () => {
  const { spool, request, reserve } = await fullDisk(() => () => false);
  await spool.seal(request);
  await spool.recordReceipt(request.segment.id, receiptFor(request.segment));
  await spool.releaseReserve();
  expect(await reserve()).toBe(0);
  await spool.reclaim(confirmationFor(request.segment));
  expect(await reserve()).toBe(RESERVE_BYTES);
});

test('several writes that find the disk full at once all get through', async () => {
  const { spool, request, disk, root } = await fullDisk(() => () => false);
  await spool.seal(request);
  disk.failWhile((step) => step.startsWith('write') && untilReserveIsGone(root)(), errnoError('ENOSPC'));
  await Promise.all([spool.recordCheckpoint(request.segment.id, checkpoint), spool.assignments.save(assignment)]);
  expect((await spool.find(request.segment.id))?.kind).toBe('uploading');
});

test('a disk that is full all the same fails with no-space, and the recording stays where it was', async () => {
  const { spool, request } = await fullDisk(() => () => true);
  await expect(spool.seal(request)).rejects.toMatchObject({ code: 'no-space' });
  expect((await stat(request.recordingPath)).size).toBe(9);
});

test('deleting confirmed segments writes nothing, so it works with a full disk', async () => {
  const { disk, spool, request } = await fullDisk(() => () => false);
  await spool.seal(request);
  await spool.recordReceipt(request.segment.id, receiptFor(request.segment));
  disk.steps.length = 0;
  await spool.reclaim(confirmationFor(request.segment));
  expect(disk.steps.filter((step) => step.startsWith('write'))).toEqual([]);
  expect(disk.steps[0]).toMatch(/^rename .*\.receipt\.json .*\.reclaim\.json$/);
});
