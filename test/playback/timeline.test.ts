import { describe, expect, it } from 'vitest';
import type { CoverageSpan } from '../../src/domain/coverage.js';
import { parseCameraId, parseObjectKey } from '../../src/domain/ids.js';
import { gapObjectKeyOf, objectKeysOf } from '../../src/domain/object-key.js';
import { box } from '../../src/mp4/box-writer.js';
import { coverageBox } from '../../src/mp4/coverage-box.js';
import { MemoryStore } from '../../src/object-store/memory.js';
import { readTimeline, type TimelineOptions } from '../../src/playback/timeline.js';
import { at, claim, gapObject, segment, store, storeGap } from './story.js';

const camera = parseCameraId('camera-1');
const soon = (): AbortSignal => AbortSignal.timeout(10_000);

async function read(
  bucket: MemoryStore,
  from: string,
  to: string,
  options: Partial<TimelineOptions> = {},
): Promise<Awaited<ReturnType<typeof readTimeline>>> {
  const range = { fromMs: at(from), toMs: at(to) };
  return await readTimeline(camera, range, { store: bucket, nowMs: at('2026-02-01T00:00:00Z'), ...options }, soon());
}

/** `10:00:00 footage, 10:15:00 paused`: where each span begins. */
function words(spans: readonly CoverageSpan[]): string {
  const word = (span: CoverageSpan): string => (span.kind === 'gap' ? span.cause : span.kind);
  return spans.map((span) => `${new Date(span.fromMs).toISOString().slice(11, 19)} ${word(span)}`).join(', ');
}

describe('a timeline from the bucket alone', () => {
  it('is footage, the claims that ride on it, and what nobody explains', async () => {
    const bucket = new MemoryStore();
    await store(bucket, [
      segment(camera, '09:45', '10:00:01'),
      segment(camera, '10:00:01', '10:03'),
      segment(camera, '10:05', '10:15', [claim('camera-stalled', '10:03', '10:05')]),
      segment(camera, '10:20', '10:30'),
    ]);
    const timeline = await read(bucket, '10:00', '10:30');
    expect(words(timeline.spans)).toBe(
      '10:00:00 footage, 10:00:01 footage, 10:03:00 camera-stalled, 10:05:00 footage, 10:15:00 unexplained, 10:20:00 footage',
    );
    expect(timeline).toMatchObject({ beganAtMs: null, objects: { segments: 4, gaps: 0 }, unreadable: [] });
    expect(timeline.longestMs).toBe(15 * 60_000 + 1_000);
  });

  it('a segment of the day before reaches over midnight, the claims for the end of the day are on the next one', async () => {
    const bucket = new MemoryStore();
    await store(bucket, [
      segment(camera, '2025-12-13T23:30:00Z', '2025-12-14T00:10:00Z'),
      segment(camera, '2025-12-17T08:00:00Z', '2025-12-17T08:15:00Z', [
        claim('camera-unreachable', '2025-12-14T00:10:00Z', '2025-12-17T08:00:00Z'),
      ]),
    ]);
    const timeline = await read(bucket, '00:00', '2025-12-15T00:00:00Z');
    expect(words(timeline.spans)).toBe('00:00:00 footage, 00:10:00 camera-unreachable');
  });

  it('gap objects tell of slots without footage, and of the rest of the slot before', async () => {
    const bucket = new MemoryStore();
    await store(bucket, [segment(camera, '10:00', '10:03')]);
    await storeGap(bucket, gapObject(camera, '10:15', '10:30', [claim('paused', '10:03', '10:30')]));
    const timeline = await read(bucket, '10:00', '10:15');
    expect(words(timeline.spans)).toBe('10:00:00 footage, 10:03:00 paused');
  });

  it('a removed camera is removed until it records again, the next day too', async () => {
    const bucket = new MemoryStore();
    await store(bucket, [segment(camera, '09:00', '09:15')]);
    await storeGap(bucket, gapObject(camera, '09:15', '09:30', [claim('removed', '09:15', '09:30')]));
    await store(bucket, [segment(camera, '2025-12-16T12:00:00Z', '2025-12-16T12:15:00Z')]);
    expect(words((await read(bucket, '09:00', '11:00')).spans)).toBe('09:00:00 footage, 09:15:00 removed');
    const later = await read(bucket, '2025-12-15T00:00:00Z', '2025-12-17T00:00:00Z');
    expect(words(later.spans)).toBe('00:00:00 removed, 12:00:00 footage, 12:15:00 unexplained');
  });

  it('time before the first object is not missing, a camera without any has no spans', async () => {
    const bucket = new MemoryStore();
    expect(await read(bucket, '00:00', '11:00')).toMatchObject({ spans: [], objects: { segments: 0, gaps: 0 } });
    await store(bucket, [segment(camera, '10:00', '10:15')]);
    const timeline = await read(bucket, '00:00', '10:15');
    expect(words(timeline.spans)).toBe('10:00:00 footage');
    expect(timeline.beganAtMs).toBe(at('10:00'));
  });

  it('footage of the day before that ended too early is no beginning: the hole is unexplained', async () => {
    const bucket = new MemoryStore();
    await store(bucket, [
      segment(camera, '2025-12-04T10:00:00Z', '2025-12-04T10:15:00Z'),
      segment(camera, '10:00', '10:15'),
    ]);
    const timeline = await read(bucket, '09:00', '10:15');
    expect(words(timeline.spans)).toBe('09:00:00 unexplained, 10:00:00 footage');
    expect(timeline.beganAtMs).toBeNull();
  });

  it('a spool adds what is not stored yet, and what no segment carries yet', async () => {
    const bucket = new MemoryStore();
    await store(bucket, [segment(camera, '10:00', '10:15')]);
    const here = (from: string, to: string) => {
      const { id, fromMs, toMs } = segment(camera, from, to);
      return { segment: id, fromMs, toMs, where: 'spool' as const };
    };
    const spool = {
      footage: [here('10:00', '10:15'), here('10:15', '10:30')],
      claims: [claim('camera-refused', '10:30', '10:40')],
    };
    const { spans } = await read(bucket, '10:00', '10:40', { spool });
    expect(spans.map((span) => (span.kind === 'footage' ? span.where : span.kind))).toEqual(['store', 'spool', 'gap']);
  });

  it('a bucket that lost its metadata tells the same story', async () => {
    const bucket = new MemoryStore();
    const recorded = segment(camera, '10:05', '10:15', [claim('moved', '10:00', '10:05')]);
    const none = { completeBytes: 0, initBytes: 0, tracks: [], fragments: [], videoTrack: undefined };
    const header = coverageBox(none as unknown as Parameters<typeof coverageBox>[0], 100, { ...recorded });
    const object = Buffer.concat([box('ftyp', Buffer.from('isom0000')), header, box('mdat', new Uint8Array(100))]);
    await bucket.putSmall(objectKeysOf(recorded).preferred, object, {}, soon());
    const gap = gapObject(camera, '10:15', '10:30', [claim('paused', '10:15', '10:30')]);
    await bucket.putSmall(gapObjectKeyOf(camera, gap.fromMs), Buffer.from(JSON.stringify(gap)), {}, soon());
    const timeline = await read(bucket, '10:00', '10:30');
    expect(words(timeline.spans)).toBe('10:00:00 moved, 10:05:00 footage, 10:15:00 paused');
  });

  it('an object that says nothing is named, and its time is missing', async () => {
    const bucket = new MemoryStore();
    const key = parseObjectKey('camera-1/20251214/10-00-00_camera-1.mp4');
    await bucket.putSmall(key, Buffer.from('not an MP4, and long enough to be walked'), {}, soon());
    const broken = parseObjectKey('camera-1/20251214/10-15-00_camera-1.gap.json');
    await bucket.putSmall(broken, Buffer.from('{'), {}, soon());
    await store(bucket, [segment(camera, '10:30', '10:45')]);
    const timeline = await read(bucket, '10:00', '10:45');
    expect(timeline.unreadable).toEqual([key, broken]);
    expect(words(timeline.spans)).toBe('10:00:00 unexplained, 10:30:00 footage');
  });
});
