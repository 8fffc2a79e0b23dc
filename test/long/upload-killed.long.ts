/** What a killed upload costs: a process that uploads 200 MB is killed at random moments, and another one goes on. */
import { beforeAll, expect, it } from 'vitest';
import { type KillableUploads, killableUploads } from '../object-store/killable-upload.js';
import { afterFile } from '../support/after-file.js';
import { tempDirUntil } from '../support/temp-dir.js';
import { randomFrom } from './chaos/random.js';

const MIB = 1024 * 1024;
const SIZE_BYTES = 200_000_000;
/** As the product does it. */
const PART_SIZE_BYTES = 8 * MIB;
const PARTS_IN_FLIGHT = 4;
const PARTS = Math.ceil(SIZE_BYTES / PART_SIZE_BYTES);
const MOMENTS = 10;
/** Heads and bodies of the requests beside the parts. */
const OVERHEAD_BYTES = 100_000;
const seed = Number(process.env['SEED'] ?? Date.now() % 1_000_000);

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

it(`an upload killed at ${MOMENTS} random moments sends again at most the parts in flight, seed ${seed}`, async () => {
  const random = randomFrom(seed);
  process.stdout.write('| killed in part | sent before | sent after | sent twice | parts |\n|---|---|---|---|---|\n');
  for (let moment = 0; moment < MOMENTS; moment += 1) {
    const part = random.between(1, PARTS);
    const upload = await uploads.sealed();
    const first = await upload.killedAt({
      kind: 'freeze',
      matches: /^PUT \S+partNumber=/,
      skip: part - 1,
      afterBytes: random.between(0, PART_SIZE_BYTES),
    });
    const second = await upload.finished();
    const twiceBytes = Math.max(0, first.sentBytes + second.sentBytes - SIZE_BYTES);
    const [before, after, twice] = [first.sentBytes, second.sentBytes, twiceBytes].map((bytes) =>
      bytes.toLocaleString('en'),
    );
    const parts = (twiceBytes / PART_SIZE_BYTES).toFixed(2);
    process.stdout.write(`| ${part} of ${PARTS} | ${before} | ${after} | ${twice} | ${parts} |\n`);
    expect(twiceBytes).toBeLessThanOrEqual(PARTS_IN_FLIGHT * PART_SIZE_BYTES + OVERHEAD_BYTES);
    expect(await upload.found()).toMatchObject({ kind: 'stored', receipt: { key: upload.key, proof: 'full-crc32' } });
    expect(await upload.isStoredWhole()).toBe(true);
  }
});
