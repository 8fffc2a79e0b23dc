import { readFile, stat } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import { boxesIn, requireBox } from '../../src/mp4/box.js';
import { box } from '../../src/mp4/box-writer.js';
import { FragmentWalker } from '../../src/mp4/fragment-walker.js';
import { buildHeader, locateRecording, readCoverageBox } from '../../src/mp4/header-in-front.js';
import { type Movie, parseMovie } from '../../src/mp4/movie.js';
import { tableSamples } from '../../src/mp4/sample-table.js';
import { memorySource } from './support/memory-source.js';
import { type Packet, packetsOf } from './support/packets.js';
import {
  FRAMES_PER_SEC,
  GOP_SEC,
  makeRecordings,
  record,
  recordingKinds,
  temporaryFolder,
} from './support/recordings.js';
import { rewriteBox } from './support/rewrite.js';
import { indexOf, sealFile, sealInMemory } from './support/seal.js';

describe.each(Object.entries(recordingKinds))('a sealed recording, %s', (_, kind) => {
  let files: readonly string[];
  beforeAll(async () => {
    files = await makeRecordings(await temporaryFolder(), kind);
  });

  it('FFmpeg reads the packets of the recording: the same bytes, order, and times to a tick', async () => {
    for (const file of files) {
      const recorded = await packetsOf(file);
      const sealed = await packetsOf(await sealFile(file));
      expect(sealed.tickSec).toEqual(recorded.tickSec);
      const isShifted = kind.bFrames > 0 && basename(file) === '000000.mp4';
      const shiftTicks = isShifted ? commonShiftTicks(recorded, sealed) : recorded.tickSec.map(() => 0);
      if (isShifted) expect(secondsOf(shiftTicks, recorded)).toBeCloseTo(await nothingShownSec(file), 4);
      for (const [stream, ticks] of shiftTicks.entries()) {
        const readBack = sealed.packets.filter((packet) => packet.stream === stream);
        const original = recorded.packets.filter((packet) => packet.stream === stream);
        expect(readBack.map((packet) => shifted(packet, ticks))).toEqual(original);
      }
      expect(largestSwapSec(recorded, sealed)).toBeLessThanOrEqual(Math.max(...recorded.tickSec));
    }
  });

  it('seeking into the second half lands on the keyframe in the middle', async () => {
    const file = await firstOfTwoGops(files);
    const sealed = await sealFile(file);
    const { videoStartMs } = await indexOf(await readFile(file));
    const seek = ['-ss', String(videoStartMs / 1000 + GOP_SEC * 1.25)];
    const all = (await packetsOf(sealed)).packets.filter(isVideo);
    const [landed] = (await packetsOf(sealed, seek)).packets.filter(isVideo);
    expect(landed).toBeDefined();
    expect(landed?.md5).toBe(all[GOP_SEC * FRAMES_PER_SEC]?.md5);
  });

  it("the movie's clock is that of the one delayed track, and no duration is zero", async () => {
    for (const file of files) {
      const movie = movieOf((await sealInMemory(await readFile(file))).header);
      const delayed = movie.tracks.filter((track) => track.edits.length === 2);
      expect(delayed.length).toBeLessThanOrEqual(1);
      const expected = delayed[0] ?? movie.tracks.find((track) => track.kind === 'video');
      expect(movie.timescale).toBe(expected?.timescale);
      for (const track of movie.tracks) {
        expect(track.edits.every((edit) => edit.durationTicks > 0)).toBe(true);
        expect(track.edits.filter((edit) => edit.mediaTimeTicks >= 0)).toHaveLength(1);
        // Shorter by a part of a tick, and the last frame would not be shown.
        const shown = track.edits.at(-1) ?? raise();
        const shownSec = shown.durationTicks / movie.timescale;
        expect(shownSec).toBeGreaterThanOrEqual((mediaTicks(track) - shown.mediaTimeTicks) / track.timescale);
      }
    }
  });

  it('the header is the same whether the file was followed while it grew or read afterwards', async () => {
    for (const file of files) {
      const recording = await readFile(file);
      const options = { recordingSizeBytes: recording.length, coverageFields: { camera: 'camera-1' } };
      const { header } = await sealInMemory(recording, options.coverageFields);
      for (const stepBytes of [997, 30_011]) {
        const grown = buildHeader(await indexOf(recording, stepBytes), options);
        expect(Buffer.compare(grown, header)).toBe(0);
      }
    }
  });

  it('the recording is found again byte for byte, and the fragment table leads through it', async () => {
    for (const file of files) {
      const recording = await readFile(file);
      const { header } = await sealInMemory(recording, { camera: 'camera-1' });
      const object = Buffer.concat([header, recording]);
      const range = await locateRecording(memorySource(object), object.length);
      expect(object.subarray(range.offsetBytes, range.offsetBytes + range.sizeBytes).equals(recording)).toBe(true);
      const json = await readCoverageBox(memorySource(object));
      expect(json).toMatchObject({ camera: 'camera-1', v: 1, recorded: { bytes: recording.length } });
      const { init, complete, frags } = JSON.parse(JSON.stringify(json)).recorded;
      const ends = frags.reduce((at: number, [sizeBytes]: [number]) => {
        expect(recording.toString('latin1', at + 4, at + 8)).toBe('moof');
        return at + sizeBytes;
      }, init);
      expect(ends).toBe(complete);
      const { tracks } = movieOf(header);
      const ticks = frags.reduce((sum: number, [, videoTicks]: [number, number]) => sum + videoTicks, 0);
      expect(ticks).toBe(mediaTicks(tracks[0]));
    }
  });
});

describe('an unusual recording', () => {
  let recording: Buffer;
  beforeAll(async () => {
    const [, second = ''] = await makeRecordings(await temporaryFolder(), recordingKinds['plain'] ?? raise());
    recording = await readFile(second);
  });

  it('composition offsets below zero are kept', async () => {
    const folder = await temporaryFolder();
    await makeRecordings(folder, recordingKinds['with B-frames'] ?? raise());
    const input = ['-i', join(folder, 'source.nut')];
    const [, file = ''] = await record(folder, input, { hasAudio: false, movflags: '+negative_cts_offsets' });
    const track = movieOf((await sealInMemory(await readFile(file))).header).tracks[0] ?? raise();
    expect(Math.min(...[...tableSamples(track)].map((sample) => sample.compositionTicks))).toBeLessThan(0);
    // FFmpeg reads both versions as signed; other players only this one.
    expect(requireBox(track.sampleTable, 'ctts').content[0]).toBe(1);
    // FFmpeg moves a fragmented file of this kind by one frame as a whole; we never record one.
    const fromFirst = (packets: readonly Packet[]) => packets.map((packet) => shifted(packet, -(packets[0]?.dts ?? 0)));
    const sealed = await packetsOf(await sealFile(file));
    expect(fromFirst(sealed.packets)).toEqual(fromFirst((await packetsOf(file)).packets));
  });

  it('a track that never got a sample is left out', async () => {
    const video = rewriteBox(recording, ['moof'], (moof) => {
      const [header, ...trafs] = boxesIn(moof);
      const first = trafs.filter((traf) => boxesIn(traf.content)[0]?.content[7] === 1);
      const gone = moof.length - first.reduce((sum, traf) => sum + traf.whole.length, header?.whole.length ?? 0);
      return Buffer.concat([header?.whole ?? raise(), ...first.map((traf) => traf.whole), padding(gone)]);
    });
    const { header, index } = await sealInMemory(video);
    expect(index.tracks.map((track) => track.samples > 0)).toEqual([true, false]);
    expect(movieOf(header).tracks.map((track) => track.kind)).toEqual(['video']);
  });

  it('clocks that start at ten seconds in both tracks give the same movie', async () => {
    const timescales = new Map((await indexOf(recording)).tracks.map((track) => [track.id, track.timescale]));
    const late = rewriteBox(recording, ['moof', 'traf'], (traf) => {
      const id = requireBox(boxesIn(traf), 'tfhd').content[7] ?? 0;
      return Buffer.from(
        rewriteBox(traf, ['tfdt'], (content) => {
          content.writeBigUInt64BE(content.readBigUInt64BE(4) + BigInt(10 * (timescales.get(id) ?? raise())), 4);
          return content;
        }),
      );
    });
    const expected = await sealInMemory(recording);
    const sealed = await sealInMemory(late);
    expect(movieOf(sealed.header).tracks.map(tables)).toEqual(movieOf(expected.header).tracks.map(tables));
    expect(Buffer.compare(late, recording)).not.toBe(0);
    expect(sealed.index.mediaEndMs).toBeCloseTo(expected.index.mediaEndMs, 6);
  });
});

/** Edits and sample tables, without the chunk offsets: those follow the header's length. */
function tables(track: Movie['tracks'][number]): unknown {
  const sampleTable = track.sampleTable.filter((table) => table.type !== 'stco');
  return { edits: track.edits, sampleTable: sampleTable.map((table) => Buffer.from(table.whole).toString('hex')) };
}

function padding(sizeBytes: number): Uint8Array {
  return sizeBytes === 0 ? new Uint8Array(0) : box('free', new Uint8Array(sizeBytes - 8));
}

function mediaTicks(track: Movie['tracks'][number] | undefined): number {
  const mdhd = Buffer.from((track ?? raise()).mdhd.content);
  return Number(mdhd.readBigUInt64BE(24));
}

function raise(): never {
  throw new Error('the recording is not what it should be');
}

interface Packets {
  readonly packets: readonly Packet[];
  readonly tickSec: readonly number[];
}

/** How much later each stream was in the recording; all by the same time to a tick, or the test fails. */
function commonShiftTicks(recorded: Packets, sealed: Packets): readonly number[] {
  const firstOf = (packets: readonly Packet[], stream: number) =>
    packets.find((packet) => packet.stream === stream)?.pts ?? Number.NaN;
  const ticks = recorded.tickSec.map(
    (_, stream) => firstOf(recorded.packets, stream) - firstOf(sealed.packets, stream),
  );
  const shiftsSec = recorded.tickSec.map((tickSec, stream) => tickSec * (ticks[stream] ?? 0));
  expect(Math.max(...shiftsSec) - Math.min(...shiftsSec)).toBeLessThanOrEqual(Math.max(...recorded.tickSec));
  return ticks;
}

/**
 * Of packets that follow each other the other way round in the sealed file: how far apart they are decoded in the recording, at most.
 * Which of two tracks comes first at the same time is up to FFmpeg's version, and the same time may have become a tick apart.
 */
function largestSwapSec(recorded: Packets, sealed: Packets): number {
  const placeInSealed = new Map(named(sealed.packets).map(({ name }, place) => [name, place]));
  const inRecorded = named(recorded.packets).map(({ name, stream, dts }) => ({
    place: placeInSealed.get(name) ?? raise(),
    dtsSec: dts * (recorded.tickSec[stream] ?? raise()),
  }));
  const swapsSec = inRecorded.flatMap((first, index) =>
    inRecorded
      .slice(index + 1)
      .filter((second) => second.place < first.place)
      .map((second) => Math.abs(second.dtsSec - first.dtsSec)),
  );
  return Math.max(0, ...swapsSec);
}

/** The n-th packet of a track is the same one in both files. */
function named(packets: readonly Packet[]): readonly (Packet & { readonly name: string })[] {
  const counts: number[] = [];
  return packets.map((packet) => {
    const count = (counts[packet.stream] ?? 0) + 1;
    counts[packet.stream] = count;
    return { ...packet, name: `${packet.stream}:${count}` };
  });
}

function secondsOf([ticks = Number.NaN]: readonly number[], { tickSec }: Packets): number {
  return ticks * (tickSec[0] ?? Number.NaN);
}

/** How long the recording shows and plays nothing at its start: pictures wait for those they are ordered after, sound for the encoder. The sealed file starts after it. */
async function nothingShownSec(file: string): Promise<number> {
  const walker = new FragmentWalker(memorySource(await readFile(file)));
  await walker.advance((await stat(file)).size);
  return walker.index.originSec;
}

/** When a segment is cut while only sound has come is up to FFmpeg's version: the first one may be of a single GOP. */
async function firstOfTwoGops(files: readonly string[]): Promise<string> {
  for (const file of files) {
    const { videoFrames } = await indexOf(await readFile(file));
    if (videoFrames >= 2 * GOP_SEC * FRAMES_PER_SEC) return file;
  }
  throw new Error('no recording has two GOPs');
}

function isVideo(packet: Packet): boolean {
  return packet.stream === 0;
}

function shifted(packet: Packet, ticks: number): Packet {
  return { ...packet, dts: packet.dts + ticks, pts: packet.pts + ticks };
}

function movieOf(header: Uint8Array): Movie {
  const withoutMdat = header.subarray(0, header.length - 8);
  return parseMovie(requireBox(boxesIn(withoutMdat), 'moov').content);
}
