import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { GAP_CAUSES } from '../../src/domain/coverage.js';
import { parseCameraId, parseRecorderId, segmentIdOf, sessionIdOf } from '../../src/domain/ids.js';
import type { SealedSegment } from '../../src/domain/segment.js';
import {
  gapFromMetadata,
  gapMetadataOf,
  metadataOf,
  segmentFromMetadata,
} from '../../src/object-store/coverage-metadata.js';

/** S3 counts keys and values together. */
const S3_LIMIT_BYTES = 2_048;

const timeMs = fc.oneof(
  fc.integer({ min: 1_500_000_000_000, max: 4_000_000_000_000 }),
  fc.double({ min: 1.5e12, max: 4e12, noNaN: true }),
);
const name = fc.stringMatching(/^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$/);
const count = fc.nat(2 ** 31);
const hex = (digits: number) => fc.stringMatching(new RegExp(`^[0-9a-f]{${digits}}$`));

const segment: fc.Arbitrary<SealedSegment> = fc
  .record({
    camera: name.map(parseCameraId),
    recorder: name.map(parseRecorderId),
    session: fc
      .tuple(
        fc.integer({ min: 1_500_000_000_000, max: 4_000_000_000_000 }),
        fc.double({ min: 0, max: 0.999, noNaN: true }),
      )
      .map(([at, random]) => sessionIdOf(at, random)),
    index: fc.nat(999_999),
    times: fc.tuple(timeMs, timeMs, timeMs),
    closed: fc.constantFrom('cut', 'stop-requested', 'session-ended', 'salvaged'),
    container: fc.constantFrom('header-in-front', 'remuxed', 'as-recorded'),
    video: fc.record({ codec: fc.constantFrom('h264', 'hevc'), widthPx: count, heightPx: count, frames: count }),
    mediaDurationMs: fc.double({ min: 0, max: 4e6, noNaN: true }).map(Math.abs),
    sizeBytes: count,
    crc32Hex: hex(8),
    recording: fc.record({ offsetBytes: count, sizeBytes: count, completeBytes: count, sha256Hex: hex(64) }),
    gapsBefore: fc.array(
      fc.record({ fromMs: timeMs, toMs: timeMs, cause: fc.constantFrom(...GAP_CAUSES), by: name.map(parseRecorderId) }),
      { maxLength: 8 },
    ),
    clockStepped: fc.boolean(),
  })
  .map(({ times: [fromMs, toMs, nominalStartMs], ...rest }) => ({
    schema: 1,
    id: segmentIdOf(rest.camera, rest.session, rest.index),
    fromMs,
    toMs,
    nominalStartMs,
    ...rest,
  }));

describe('coverage metadata', () => {
  it('gives back the sidecar it was made of', () => {
    fc.assert(
      fc.property(segment, (sealed) => {
        expect(segmentFromMetadata(metadataOf(sealed))).toEqual(sealed);
      }),
    );
  });

  it('has lower-case keys and plain ASCII values, and fits into what S3 allows', () => {
    fc.assert(
      fc.property(segment, (sealed) => {
        const entries = Object.entries(metadataOf(sealed));
        for (const [key, value] of entries) {
          expect(key).toMatch(/^[a-z0-9-]+$/);
          expect(value).toMatch(/^[\x21-\x7e]+$/);
        }
        expect(entries.join('').length).toBeLessThanOrEqual(S3_LIMIT_BYTES);
      }),
    );
  });

  it('fits with eight claims, the longest names and times in fractions of a millisecond', () => {
    const long = 'x'.repeat(63);
    const sealed = fc.sample(segment, { numRuns: 1, seed: 1 })[0];
    if (sealed === undefined) throw new Error('no sample');
    const claim = { fromMs: 1734140000000.1235, toMs: 1734140060000.1235, by: parseRecorderId(long) };
    const worst: SealedSegment = {
      ...sealed,
      camera: parseCameraId(long),
      recorder: parseRecorderId(long),
      id: segmentIdOf(parseCameraId(long), sealed.session, 999_999),
      gapsBefore: Array.from({ length: 8 }, () => ({ ...claim, cause: 'camera-unreachable' })),
    };
    const metadata = metadataOf(worst);
    expect(segmentFromMetadata(metadata)).toEqual(worst);
    expect(Object.entries(metadata).flat().join('').length).toBeLessThanOrEqual(S3_LIMIT_BYTES);
  });

  it('reads nothing out of metadata that is not ours, or of which any field is missing or damaged', () => {
    expect(segmentFromMetadata({})).toBeUndefined();
    expect(segmentFromMetadata({ author: 'somebody' })).toBeUndefined();
    const [sealed] = fc.sample(segment, { numRuns: 1, seed: 2 });
    if (sealed === undefined) throw new Error('no sample');
    const metadata = metadataOf({
      ...sealed,
      gapsBefore: [{ fromMs: 1, toMs: 2, cause: 'moved', by: sealed.recorder }],
    });
    for (const missing of Object.keys(metadata)) {
      if (missing === 'gaps') continue;
      expect(segmentFromMetadata({ ...metadata, [missing]: '' }), missing).toBeUndefined();
      expect(segmentFromMetadata({ ...metadata, [missing]: '%zz' }), missing).toBeUndefined();
    }
    expect(segmentFromMetadata({ ...metadata, gaps: '1_2_no-such-cause_r' })).toBeUndefined();
  });
});

describe('metadata of a gap object', () => {
  const gap = segment.map(({ camera, recorder, fromMs, toMs, gapsBefore }) => {
    const first = { fromMs, toMs, cause: 'paused' as const, by: recorder };
    return { schema: 1 as const, camera, recorder, fromMs, toMs, claims: gapsBefore.length > 0 ? gapsBefore : [first] };
  });

  it('gives back the body it was made of, and fits into what S3 allows', () => {
    fc.assert(
      fc.property(gap, (said) => {
        const metadata = gapMetadataOf(said);
        expect(gapFromMetadata(metadata)).toEqual(said);
        expect(Object.entries(metadata).join('').length).toBeLessThanOrEqual(S3_LIMIT_BYTES);
      }),
    );
  });

  it.each([[{}], [{ schema: '1', camera: 'camera-1', recorder: 'r', from: '0', to: '1' }], [{ camera: 'A B' }]])(
    'is nothing without a claim or with a bad name: %j',
    (metadata: Readonly<Record<string, string>>) => {
      expect(gapFromMetadata(metadata)).toBeUndefined();
    },
  );
});
