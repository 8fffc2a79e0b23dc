import { beforeAll, expect, it } from 'vitest';
import { collect } from '../spool/segments.js';
import { afterFile } from '../support/after-file.js';
import { tempDirUntil } from '../support/temp-dir.js';
import type { Fault } from './fault-proxy.js';
import { type KillableUploads, killableUploads } from './killable-upload.js';

const MIB = 1024 * 1024;
const PART_SIZE_BYTES = 5 * MIB;
const PARTS_IN_FLIGHT = 2;
const SIZE_BYTES = 3 * PART_SIZE_BYTES + 4_321;
const PARTS = 4;
/** Request heads and bodies beside the parts. */
const OVERHEAD_BYTES = 50_000;
const CREATE = /^POST \S+\?uploads/;
const UPLOAD_PART = /^PUT \S+partNumber=/;
const COMPLETE = /^POST \S+\?uploadId=/;

let uploads: KillableUploads;
beforeAll(async () => {
  uploads = await killableUploads({
    register: afterFile,
    dir: await tempDirUntil(afterFile, 'killed'),
    sizeBytes: SIZE_BYTES,
    partSizeBytes: PART_SIZE_BYTES,
    partsInFlight: PARTS_IN_FLIGHT,
  });
});

interface Row {
  readonly when: string;
  readonly fault: Fault;
  /** Parts that the next process sends, at least and at most. */
  readonly parts: readonly [number, number];
  /** Uploads that only the store knows of, for the sweep. */
  readonly orphans?: number;
}

const rows: readonly Row[] = [
  { when: 'before the upload is begun', fault: { kind: 'freeze', matches: CREATE }, parts: [PARTS, PARTS] },
  {
    when: 'before it knows that the upload is begun',
    fault: { kind: 'freeze-answer', matches: CREATE },
    parts: [PARTS, PARTS],
    orphans: 1,
  },
  { when: 'before the first part', fault: { kind: 'freeze', matches: UPLOAD_PART }, parts: [PARTS, PARTS] },
  {
    when: 'in mid-part',
    fault: { kind: 'freeze', matches: UPLOAD_PART, skip: 2, afterBytes: PART_SIZE_BYTES / 2 },
    // The third, and perhaps the second, which was in flight as well.
    parts: [PARTS - 2, PARTS - 1],
  },
  {
    when: 'before it knows that a part has arrived',
    fault: { kind: 'freeze-answer', matches: UPLOAD_PART, skip: 2 },
    // It has three of them, or the first and the third, or all.
    parts: [0, 2],
  },
  { when: 'after the last part', fault: { kind: 'freeze', matches: COMPLETE }, parts: [0, 0] },
  {
    when: 'before it knows that the upload is complete',
    fault: { kind: 'freeze-answer', matches: COMPLETE },
    parts: [0, 0],
  },
  { when: 'before the receipt', fault: { kind: 'freeze', matches: /^HEAD/, skip: 1 }, parts: [0, 0] },
];

it.each(rows)('an upload killed $when sends again at most the parts in flight', async (row) => {
  const { proxy, direct } = uploads;
  const upload = await uploads.sealed();
  const first = await upload.killedAt(row.fault);
  const before = proxy.requests.length;
  const second = await upload.finished();

  const resentBytes = Math.max(0, first.sentBytes + second.sentBytes - SIZE_BYTES);
  expect(resentBytes).toBeLessThan(PARTS_IN_FLIGHT * PART_SIZE_BYTES + OVERHEAD_BYTES);
  const sentParts = proxy.requests.slice(before).filter((line) => UPLOAD_PART.test(line)).length;
  expect(sentParts).toBeGreaterThanOrEqual(row.parts[0]);
  expect(sentParts).toBeLessThanOrEqual(row.parts[1]);
  expect(second.sentBytes).toBeLessThan(sentParts * PART_SIZE_BYTES + OVERHEAD_BYTES);

  expect(await upload.found()).toMatchObject({ kind: 'stored', receipt: { key: upload.key, proof: 'full-crc32' } });
  expect(await upload.isStoredWhole()).toBe(true);
  const left = await collect(direct.listUploads(upload.key, AbortSignal.timeout(10_000)));
  expect(left).toHaveLength(row.orphans ?? 0);
});
