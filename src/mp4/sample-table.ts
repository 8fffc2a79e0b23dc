import { type Box, BoxCursor, findBox, requireBox } from './box.js';
import type { MovieTrack } from './movie.js';
import { Mp4Error } from './mp4-error.js';
import type { Sample } from './sample.js';

/** The samples of an ordinary (not fragmented) track, in decode order, of which the first is at 0. @throws Mp4Error `bad-box` when the tables disagree */
export function* tableSamples({ sampleTable }: MovieTrack): Generator<Sample> {
  const sizes = readSizes(requireBox(sampleTable, 'stsz'));
  const durations = readPairs(requireBox(sampleTable, 'stts'), (cursor) => cursor.u32());
  const compositions = readPairs(findBox(sampleTable, 'ctts'), (cursor) => cursor.i32());
  const sync = readSync(findBox(sampleTable, 'stss'));
  let dtsTicks = 0;
  let sample = 0;
  for (const chunk of readChunks(sampleTable)) {
    let offsetBytes = chunk.offsetBytes;
    for (let left = chunk.samples; left > 0; left -= 1) {
      const sizeBytes = sizes.at(sample);
      const isSync = sync === null || sync.has(sample + 1);
      const durationTicks = durations.next();
      if (durationTicks === null) throw new Mp4Error('bad-box', `there are durations for ${sample} samples only`);
      const compositionTicks = compositions.next() ?? 0;
      yield { offsetBytes, sizeBytes, dtsTicks, durationTicks, compositionTicks, isSync };
      dtsTicks += durationTicks;
      offsetBytes += sizeBytes;
      sample += 1;
    }
  }
  if (sample !== sizes.count || durations.next() !== null) {
    throw new Mp4Error('bad-box', `${sample} samples in chunks, ${sizes.count} with a size`);
  }
}

interface Sizes {
  readonly count: number;
  /** Once for every sample, in order. */
  at(sample: number): number;
}

function readSizes(stsz: Box): Sizes {
  const cursor = new BoxCursor(stsz.content, 4);
  const common = cursor.u32();
  const count = cursor.u32();
  // Samples are asked for in order, so that a table needs no copy.
  const at = (sample: number) => {
    if (sample >= count) throw new Mp4Error('bad-box', `there are sizes for ${count} samples only`);
    return common > 0 ? common : cursor.u32();
  };
  return { count, at };
}

/** Values that a run-length table gives to one sample after the other; null behind its end. */
interface Run {
  next(): number | null;
}

function readPairs(table: Box | null, readValue: (cursor: BoxCursor) => number): Run {
  if (table === null) return { next: () => null };
  const cursor = new BoxCursor(table.content, 4);
  let entries = cursor.u32();
  let left = 0;
  let value = 0;
  const next = () => {
    while (left === 0) {
      if (entries === 0) return null;
      entries -= 1;
      left = cursor.u32();
      value = readValue(cursor);
    }
    left -= 1;
    return value;
  };
  return { next };
}

function readSync(stss: Box | null): ReadonlySet<number> | null {
  if (stss === null) return null;
  const cursor = new BoxCursor(stss.content, 4);
  return new Set(Array.from({ length: cursor.u32() }, () => cursor.u32()));
}

function* readChunks(
  sampleTable: readonly Box[],
): Generator<{ readonly offsetBytes: number; readonly samples: number }> {
  const large = findBox(sampleTable, 'co64');
  const offsets = new BoxCursor((large ?? requireBox(sampleTable, 'stco')).content, 4);
  const chunks = offsets.u32();
  const cursor = new BoxCursor(requireBox(sampleTable, 'stsc').content, 4);
  const entries = Array.from({ length: cursor.u32() }, () => {
    const entry = { firstChunk: cursor.u32(), samples: cursor.u32() };
    cursor.skip(4);
    return entry;
  });
  let entry = 0;
  for (let chunk = 1; chunk <= chunks; chunk += 1) {
    if (entries[entry + 1]?.firstChunk === chunk) entry += 1;
    const offsetBytes = large === null ? offsets.u32() : offsets.u64();
    yield { offsetBytes, samples: entries[entry]?.samples ?? 0 };
  }
}
