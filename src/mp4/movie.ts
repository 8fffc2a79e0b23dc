import { type Box, BoxCursor, boxesIn, findBox, fourCc, requireBox } from './box.js';
import { type Edit, parseEdits } from './edit-list.js';
import { Mp4Error } from './mp4-error.js';
import { parseVideoEntry, sampleEntriesIn, type VideoEntry } from './sample-entry.js';

/** A parsed moov box. The boxes are kept as they were, to be copied. */
export interface Movie {
  readonly timescale: number;
  readonly mvhd: Box;
  readonly udta: Box | null;
  /** Has an mvex box: its samples are in fragments. */
  readonly isFragmented: boolean;
  readonly tracks: readonly MovieTrack[];
}

/** One trak box. Subtitles are only written, never parsed: there are none in a recording. */
export interface MovieTrack {
  readonly id: number;
  readonly kind: 'video' | 'audio' | 'text';
  /** Media ticks a second. */
  readonly timescale: number;
  readonly edits: readonly Edit[];
  /** Of the video; else null. */
  readonly entry: VideoEntry | null;
  readonly defaults: SampleDefaults;
  readonly tkhd: Box;
  readonly mdhd: Box;
  readonly hdlr: Box;
  /** vmhd, smhd or nmhd. */
  readonly mediaHeader: Box;
  readonly dinf: Box;
  readonly stsd: Box;
  /** Everything in the sample table. */
  readonly sampleTable: readonly Box[];
}

/** What a sample has when neither its run nor its track fragment says otherwise. */
export interface SampleDefaults {
  readonly descriptionIndex: number;
  readonly durationTicks: number;
  readonly sizeBytes: number;
  readonly flags: number;
}

const NO_DEFAULTS: SampleDefaults = { descriptionIndex: 1, durationTicks: 0, sizeBytes: 0, flags: 0 };

/** What is to be done with a track that is neither video nor audio. */
export type OtherTracks = 'refuse' | 'leave-out';

/** @throws Mp4Error */
export function parseMovie(content: Uint8Array, otherTracks: OtherTracks = 'refuse'): Movie {
  const boxes = boxesIn(content);
  const mvhd = requireBox(boxes, 'mvhd');
  const mvex = findBox(boxes, 'mvex');
  const defaults = mvex === null ? new Map<number, SampleDefaults>() : parseTrackExtends(mvex);
  const traks = boxes.filter((box) => box.type === 'trak').map((trak) => boxesIn(trak.content));
  return {
    timescale: timescaleOf(mvhd),
    mvhd,
    udta: findBox(boxes, 'udta'),
    isFragmented: mvex !== null,
    tracks: traks
      .filter((trak) => otherTracks === 'refuse' || kindOf(handlerOf(trak)) !== null)
      .map((trak) => parseTrack(trak, defaults)),
  };
}

function parseTrack(trak: readonly Box[], defaults: ReadonlyMap<number, SampleDefaults>): MovieTrack {
  const tkhd = requireBox(trak, 'tkhd');
  const mdia = boxesIn(requireBox(trak, 'mdia').content);
  const mdhd = requireBox(mdia, 'mdhd');
  const hdlr = requireBox(mdia, 'hdlr');
  const minf = boxesIn(requireBox(mdia, 'minf').content);
  const sampleTable = boxesIn(requireBox(minf, 'stbl').content);
  const stsd = requireBox(sampleTable, 'stsd');
  const kind = trackKind(handlerOf(trak));
  const id = trackId(tkhd);
  return {
    id,
    kind,
    timescale: timescaleOf(mdhd),
    edits: editsOf(trak),
    entry: kind === 'video' ? parseVideoEntry(onlyEntry(stsd)) : onlyAudio(stsd),
    defaults: defaults.get(id) ?? NO_DEFAULTS,
    tkhd,
    mdhd,
    hdlr,
    mediaHeader: requireBox(minf, kind === 'video' ? 'vmhd' : 'smhd'),
    dinf: requireBox(minf, 'dinf'),
    stsd,
    sampleTable,
  };
}

function handlerOf(trak: readonly Box[]): string {
  const hdlr = requireBox(boxesIn(requireBox(trak, 'mdia').content), 'hdlr');
  return fourCc(new BoxCursor(hdlr.content, 8).bytes(4));
}

function kindOf(handler: string): 'video' | 'audio' | null {
  if (handler === 'vide') return 'video';
  return handler === 'soun' ? 'audio' : null;
}

function trackKind(handler: string): 'video' | 'audio' {
  const kind = kindOf(handler);
  if (kind !== null) return kind;
  throw new Mp4Error('unsupported-track', `a track of kind ${JSON.stringify(handler)}`);
}

function onlyEntry(stsd: Box): Box {
  const [entry, second] = sampleEntriesIn(stsd);
  if (entry !== undefined && second === undefined) return entry;
  throw new Mp4Error('second-sample-entry', 'a track has not exactly one sample description');
}

function onlyAudio(stsd: Box): null {
  onlyEntry(stsd);
  return null;
}

function editsOf(trak: readonly Box[]): readonly Edit[] {
  const edts = findBox(trak, 'edts');
  const elst = edts === null ? null : findBox(boxesIn(edts.content), 'elst');
  return elst === null ? [] : parseEdits(elst.content);
}

function trackId(tkhd: Box): number {
  const cursor = new BoxCursor(tkhd.content);
  const { version } = cursor.versionAndFlags();
  return cursor.skip(version === 1 ? 16 : 8).u32();
}

/** Of mvhd and mdhd alike. */
function timescaleOf(header: Box): number {
  const cursor = new BoxCursor(header.content);
  const { version } = cursor.versionAndFlags();
  const timescale = cursor.skip(version === 1 ? 16 : 8).u32();
  if (timescale === 0) throw new Mp4Error('bad-box', `${header.type} has a clock that stands still`);
  return timescale;
}

function parseTrackExtends(mvex: Box): Map<number, SampleDefaults> {
  const defaults = new Map<number, SampleDefaults>();
  for (const trex of boxesIn(mvex.content).filter((box) => box.type === 'trex')) {
    const cursor = new BoxCursor(trex.content, 4);
    const id = cursor.u32();
    defaults.set(id, {
      descriptionIndex: cursor.u32(),
      durationTicks: cursor.u32(),
      sizeBytes: cursor.u32(),
      flags: cursor.u32(),
    });
  }
  return defaults;
}
