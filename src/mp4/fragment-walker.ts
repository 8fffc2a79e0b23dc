import { type BoxAt, boxAt, readContent } from './box-at.js';
import { parseMovie } from './movie.js';
import { parseMovieFragment, runBytes, type SampleRun } from './movie-fragment.js';
import { Mp4Error } from './mp4-error.js';
import { ParameterSetWatch } from './parameter-sets.js';
import type { ReadAt } from './read-at.js';
import { SampleIndex } from './sample-index.js';

/** Opens a fragment; it counts once its mdat is whole. */
interface OpenFragment {
  readonly moof: BoxAt;
  readonly content: Uint8Array;
}

/**
 * Goes through a growing recording box by box.
 *
 * 1. A box is taken in once, when it is whole; a fragment when its mdat is.
 * 2. All reading for a box comes before the first change, so that an `advance` whose read failed can be repeated.
 */
export class FragmentWalker {
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

  /** As `RecordingWalker` says. */
  async advance(fileSizeBytes: number): Promise<void> {
    for (;;) {
      const box = await boxAt(this.#source, this.#atBytes, fileSizeBytes);
      if (box === null || box.endBytes > fileSizeBytes) return;
      await this.#take(box);
      this.#atBytes = box.endBytes;
    }
  }

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
      case 'mfra':
        this.index.isFinished = true;
        break;
      default:
        break;
    }
  }

  async #closeFragment(mdat: BoxAt): Promise<void> {
    if (this.#open === null) throw new Mp4Error('not-fragmented', `an mdat at ${mdat.offsetBytes} of no fragment`);
    if (this.index.movie === null) throw new Mp4Error('no-movie', 'a fragment comes before the movie box');
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
