import { type BoxAt, boxAt, readContent } from './box-at.js';
import { parseMovie } from './movie.js';
import { parseMovieFragment, runBytes, type SampleRun } from './movie-fragment.js';
import { Mp4Error } from './mp4-error.js';
import { ParameterSetWatch } from './parameter-sets.js';
import type { ReadAt } from './read-at.js';
import { SampleIndex } from './sample-index.js';

/** One track's samples, in decode order. Column arrays, so that 15 minutes of a camera stay near 1 MB. */
export interface TrackIndex {
  readonly id: number;
  readonly kind: 'video' | 'audio';
  /** Media ticks a second. */
  readonly timescale: number;
  readonly samples: number;
}

/** One moof+mdat pair of the recording. */
export interface Fragment {
  readonly sizeBytes: number;
  readonly videoTicks: number;
  /** Starts with a video keyframe. */
  readonly isKey: boolean;
}

/** What is known of a recording so far. Only fragments that are whole on disk are in it. */
export interface RecordingIndex {
  readonly tracks: readonly TrackIndex[];
  readonly fragments: readonly Fragment[];
  /** Bytes of ftyp+moov. */
  readonly initBytes: number;
  /** End of the last whole fragment; 0 before the first. What follows is a torn tail or still being written. */
  readonly completeBytes: number;
  readonly video: { readonly codec: 'h264' | 'hevc'; readonly widthPx: number; readonly heightPx: number } | null;
  readonly videoFrames: number;
  /** Presentation end of the video (edit list applied), milliseconds from the file's start; 0 without a frame. */
  readonly videoEndMs: number;
  /** Presentation time at which the first video frame starts, milliseconds from the file's start. */
  readonly videoStartMs: number;
  /** Presentation end over all tracks, milliseconds. */
  readonly mediaEndMs: number;
  /** An SPS inside a sync sample is unlike the one in the sample description: the camera was reconfigured. */
  readonly hasParametersChanged: boolean;
}

/** Follows a growing recording, reading headers only. */
export interface RecordingWalker {
  readonly index: RecordingIndex;
  /**
   * Takes in all fragments that are whole within the first `fileSizeBytes`. Idempotent; cheap when nothing is new.
   * @throws Mp4Error when the file is not what FFmpeg writes for us; the walker is then of no more use.
   */
  advance(fileSizeBytes: number): Promise<void>;
}

/** A walker at the start of the recording, that has read nothing yet. One `advance` at a time. */
export function createRecordingWalker(source: ReadAt): RecordingWalker {
  return new Walker(source);
}

/** Opens a fragment; it counts once its mdat is whole. */
interface OpenFragment {
  readonly moof: BoxAt;
  readonly content: Uint8Array;
}

class Walker implements RecordingWalker {
  readonly index = new SampleIndex();
  readonly #source: ReadAt;
  readonly #parameterSets: ParameterSetWatch;
  /** End of the last box that was taken in. */
  #atBytes = 0;
  #open: OpenFragment | null = null;

  constructor(source: ReadAt) {
    this.#source = source;
    this.#parameterSets = new ParameterSetWatch(source);
  }

  async advance(fileSizeBytes: number): Promise<void> {
    for (;;) {
      const box = await boxAt(this.#source, this.#atBytes, fileSizeBytes);
      if (box === null || box.endBytes > fileSizeBytes) return;
      await this.#take(box);
      this.#atBytes = box.endBytes;
    }
  }

  /** All reading comes before the first change, so that a failed read can be repeated. */
  async #take(box: BoxAt): Promise<void> {
    switch (box.type) {
      case 'moov':
        this.index.startMovie(parseMovie(await readContent(this.#source, box)), box.endBytes);
        break;
      case 'moof':
        if (this.#open !== null) throw new Mp4Error('bad-box', `a moof without mdat before ${box.offsetBytes}`);
        this.#open = { moof: box, content: await readContent(this.#source, box) };
        break;
      case 'mdat':
        await this.#closeFragment(box);
        break;
      default:
        break;
    }
  }

  async #closeFragment(mdat: BoxAt): Promise<void> {
    if (this.#open === null) throw new Mp4Error('not-fragmented', `an mdat at ${mdat.offsetBytes} of no fragment`);
    const { moof, content } = this.#open;
    const defaultsOf = (id: number) => this.index.track(id).movieTrack.defaults;
    const runs = parseMovieFragment(content, moof.offsetBytes, defaultsOf);
    for (const run of runs) requireInside(run, mdat);
    const hasChanged = await this.#parameterSets.hasStranger(runs, (id) => this.index.track(id));
    this.index.addFragment(runs, mdat.endBytes);
    this.index.hasParametersChanged ||= hasChanged;
    this.#open = null;
  }
}

function requireInside(run: SampleRun, mdat: BoxAt): void {
  const isInside =
    run.offsetBytes >= mdat.offsetBytes + mdat.headerBytes && run.offsetBytes + runBytes(run) <= mdat.endBytes;
  if (!isInside) throw new Mp4Error('sample-outside-mdat', `track ${run.trackId}, samples at ${run.offsetBytes}`);
}
