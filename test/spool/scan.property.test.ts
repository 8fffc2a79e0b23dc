import { mkdir, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { segmentIdOf } from '../../src/domain/ids.js';
import { type SegmentFile, scanNames, standingOf } from '../../src/spool/folder-scan.js';
import { createSpoolLayout, segmentPathsOf, TEMPORARY_SUFFIX } from '../../src/spool/layout.js';
import { camera, collect, receiptFor, sealRequest, session, spoolIn, temporaryFolder } from './segments.js';

const KINDS = [
  'header',
  'recording',
  'sidecar',
  'checkpoint',
  'receipt',
  'damaged',
  'reclaim',
] as const satisfies SegmentFile[];
const SUFFIXES = ['.header', '.recording.mp4', '.json', '.upload.json', '.receipt.json', '.reclaim.json'];

test('every name in a folder is taken for exactly one thing, and ours for what they are', () => {
  const ours = fc
    .tuple(fc.nat({ max: 20 }), fc.constantFrom(...SUFFIXES), fc.boolean())
    .map(
      ([index, suffix, isTemporary]) => `${segmentIdOf(camera, session, index)}${suffix}${isTemporary ? '.tmp' : ''}`,
    );
  fc.assert(
    fc.property(fc.uniqueArray(fc.oneof(ours, fc.string()), { maxLength: 40 }), (names) => {
      const scan = scanNames(camera, names);
      const taken = [...scan.segments.values()].reduce((sum, files) => sum + files.size, 0);
      expect(taken + scan.temporaries.length + scan.foreign.length).toBe(names.length);
      for (const name of scan.foreign)
        expect(name).not.toMatch(/^camera-1_20251214T013002Z-7f3a_\d{4}\.(header|json|recording\.mp4)$/);
    }),
  );
});

test.each([
  [['header', 'recording', 'sidecar', 'receipt'], 'sealed'],
  [['sidecar'], 'sealed'],
  [['header', 'recording'], 'unsealed'],
  [['recording', 'receipt'], 'unsealed'],
  [['reclaim', 'recording', 'sidecar'], 'reclaiming'],
  [['header'], 'debris'],
  [['receipt'], 'debris'],
] as const)('%j means %s', (files, standing) => {
  expect(standingOf(new Set(files))).toBe(standing);
});

interface Mess {
  readonly files: readonly SegmentFile[];
  readonly sidecarText: 'right' | 'torn';
  readonly intent: 'none' | 'right' | 'torn';
  readonly isOriginalThere: boolean;
}

const mess: fc.Arbitrary<Mess> = fc.record({
  files: fc.subarray([...KINDS]),
  sidecarText: fc.constantFrom('right', 'torn'),
  intent: fc.constantFrom('none', 'right', 'torn'),
  isOriginalThere: fc.boolean(),
});

test('whatever files are left, the spool opens, opening it again changes nothing, and no recording is lost', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(mess, { minLength: 1, maxLength: 3 }), async (segments) => {
      const root = await temporaryFolder();
      for (const [index, one] of segments.entries()) await leave(root, index, one);

      const first = await spoolIn(root);
      const listed = (await collect(first.list())).map(({ kind, segment }) => [kind, segment.id]);
      const left = await everythingIn(root);
      const second = await spoolIn(root);
      expect((await collect(second.list())).map(({ kind, segment }) => [kind, segment.id])).toEqual(listed);
      expect([...(await everythingIn(root)).keys()]).toEqual([...left.keys()]);

      for (const [index, { files, isOriginalThere }] of segments.entries()) {
        if (files.includes('reclaim')) continue;
        const contents = [...left.values()];
        if (files.includes('recording')) expect(contents).toContain(`recording${index}`);
        if (isOriginalThere) expect(contents).toContain(`original-${index}`);
      }
      expect([...left.keys()].filter((path) => path.endsWith('.tmp'))).toEqual([]);
      await rm(root, { recursive: true });
    }),
    { numRuns: 80 },
  );
});

async function leave(
  root: string,
  index: number,
  { files, sidecarText, intent, isOriginalThere }: Mess,
): Promise<void> {
  const layout = createSpoolLayout(root);
  const request = sealRequest(layout, { index, recording: `recording${index}` });
  const paths = segmentPathsOf(layout, request.segment.id);
  await mkdir(layout.sealedDir(camera), { recursive: true });
  const receipt = JSON.stringify(receiptFor(request.segment));
  const sidecar = JSON.stringify(request.segment);
  const contents: Readonly<Record<SegmentFile, string>> = {
    header: 'header',
    recording: `recording${index}`,
    sidecar: sidecarText === 'right' ? sidecar : sidecar.slice(0, 40),
    checkpoint: JSON.stringify({ key: 'a/b.mp4', uploadId: 'u', partSizeBytes: 8 }),
    receipt,
    damaged: JSON.stringify(['a/b.mp4']),
    reclaim: receipt,
  };
  for (const file of files) await writeFile(paths[file], contents[file]);
  if (intent !== 'none')
    await writeFile(paths.sidecar + TEMPORARY_SUFFIX, intent === 'right' ? sidecar : sidecar.slice(0, 40));
  if (!isOriginalThere) return;
  await mkdir(dirname(request.recordingPath), { recursive: true });
  await writeFile(request.recordingPath, `original-${index}`);
}

async function everythingIn(root: string): Promise<ReadonlyMap<string, string>> {
  const found = new Map<string, string>();
  for (const entry of await readdir(root, { recursive: true, withFileTypes: true })) {
    if (!entry.isFile() || entry.name === 'reserve') continue;
    const path = join(entry.parentPath, entry.name);
    found.set(path, await readFile(path, 'utf8'));
  }
  return new Map([...found].sort(([a], [b]) => (a < b ? -1 : 1)));
}
