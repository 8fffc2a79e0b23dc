import { box, FieldWriter, fullBox } from './box-writer.js';
import type { NumberColumn } from './number-column.js';
import type { TrackSamples } from './track-samples.js';

/** Where the recording lies in the sealed file. */
export interface RecordingPlace {
  /** Bytes in front of it. */
  readonly offsetBytes: number;
  /** Whether offsets need 64 bits. */
  readonly isLarge: boolean;
}

/** The sample table of an ordinary file; its length does not depend on where the recording lies. */
export function sampleTableBox(track: TrackSamples, place: RecordingPlace): Uint8Array {
  const { stsd, sampleTable } = track.movieTrack;
  return box(
    'stbl',
    stsd.whole,
    decodeTimes(track),
    ...compositionOffsets(track),
    ...syncSamples(track),
    samplesToChunks(track.chunkSamples),
    sampleSizes(track.sizeBytes),
    chunkOffsets(track.chunkOffsetBytes, place),
    ...sampleTable.filter((table) => table.type === 'sgpd').map((table) => table.whole),
  );
}

function decodeTimes(track: TrackSamples): Uint8Array {
  const runs = runLengths(track.samples, (sample) => track.durationTicks(sample));
  const fields = new FieldWriter().u32(runs.length);
  for (const { count, value } of runs) fields.u32(count).u32(value);
  return fullBox('stts', 0, 0, fields);
}

function compositionOffsets(track: TrackSamples): readonly Uint8Array[] {
  const runs = runLengths(track.samples, (sample) => track.compositionTicks.at(sample));
  if (runs.every((run) => run.value === 0)) return [];
  const fields = new FieldWriter().u32(runs.length);
  for (const { count, value } of runs) fields.u32(count).i32(value);
  return [fullBox('ctts', runs.some((run) => run.value < 0) ? 1 : 0, 0, fields)];
}

function syncSamples(track: TrackSamples): readonly Uint8Array[] {
  if (track.isAllSync) return [];
  const numbers: number[] = [];
  for (let sample = 0; sample < track.samples; sample += 1) if (track.sync.at(sample) === 1) numbers.push(sample + 1);
  const fields = new FieldWriter().u32(numbers.length);
  for (const number of numbers) fields.u32(number);
  return [fullBox('stss', 0, 0, fields)];
}

function samplesToChunks(chunkSamples: NumberColumn): Uint8Array {
  const runs = runLengths(chunkSamples.length, (chunk) => chunkSamples.at(chunk));
  const fields = new FieldWriter().u32(runs.length);
  let firstChunk = 1;
  for (const { count, value } of runs) {
    fields.u32(firstChunk).u32(value).u32(1);
    firstChunk += count;
  }
  return fullBox('stsc', 0, 0, fields);
}

function sampleSizes(sizes: NumberColumn): Uint8Array {
  const runs = runLengths(sizes.length, (sample) => sizes.at(sample));
  const [only, second] = runs;
  // A common size of 0 would announce a table.
  if (only !== undefined && second === undefined && only.value > 0) {
    return fullBox('stsz', 0, 0, new FieldWriter().u32(only.value).u32(sizes.length));
  }
  const fields = new FieldWriter().u32(0).u32(sizes.length);
  for (let sample = 0; sample < sizes.length; sample += 1) fields.u32(sizes.at(sample));
  return fullBox('stsz', 0, 0, fields);
}

function chunkOffsets(offsets: NumberColumn, { offsetBytes, isLarge }: RecordingPlace): Uint8Array {
  const fields = new FieldWriter().u32(offsets.length);
  for (let chunk = 0; chunk < offsets.length; chunk += 1) {
    const at = offsetBytes + offsets.at(chunk);
    if (isLarge) fields.u64(at);
    else fields.u32(at);
  }
  return fullBox(isLarge ? 'co64' : 'stco', 0, 0, fields);
}

interface RunLength {
  readonly value: number;
  count: number;
}

function runLengths(length: number, valueOf: (position: number) => number): readonly RunLength[] {
  const runs: RunLength[] = [];
  for (let position = 0; position < length; position += 1) {
    const value = valueOf(position);
    const last = runs.at(-1);
    if (last?.value === value) last.count += 1;
    else runs.push({ value, count: 1 });
  }
  return runs;
}
