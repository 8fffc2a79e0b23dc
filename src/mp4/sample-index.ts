import type { Movie } from './movie.js';
import type { SampleRun } from './movie-fragment.js';
import { Mp4Error } from './mp4-error.js';
import { float64Column, uint8Column, uint32Column } from './number-column.js';
import { TrackSamples } from './track-samples.js';

/** Everything known of a recording: what `RecordingIndex` shows of it, and what its sealed header is built from. */
export class SampleIndex {
  #movie: Movie | null = null;
  #tracks: readonly TrackSamples[] = [];
  #initBytes = 0;
  #completeBytes = 0;
  readonly #fragmentBytes = float64Column();
  readonly #fragmentKey = uint8Column();
  /** Which video sample a fragment starts with. */
  readonly #fragmentFirstFrame = uint32Column();
  hasParametersChanged = false;
  isFinished = false;

  get movie(): Movie | null {
    return this.#movie;
  }

  get tracks(): readonly TrackSamples[] {
    return this.#tracks;
  }

  get initBytes(): number {
    return this.#initBytes;
  }

  get completeBytes(): number {
    return this.#completeBytes;
  }

  get videoTrack(): TrackSamples | null {
    return this.#tracks.find((track) => track.kind === 'video') ?? null;
  }

  get video(): { readonly codec: 'h264' | 'hevc'; readonly widthPx: number; readonly heightPx: number } | null {
    const entry = this.videoTrack?.movieTrack.entry ?? null;
    return entry && { codec: entry.codec, widthPx: entry.widthPx, heightPx: entry.heightPx };
  }

  get videoFrames(): number {
    return this.videoTrack?.samples ?? 0;
  }

  get videoStartMs(): number {
    const track = this.videoTrack;
    return track === null || track.samples === 0 ? 0 : this.#shownMs(track).from;
  }

  get videoEndMs(): number {
    const track = this.videoTrack;
    return track === null || track.samples === 0 ? 0 : this.#shownMs(track).to;
  }

  get mediaEndMs(): number {
    return Math.max(0, ...this.#sampledTracks().map((track) => this.#shownMs(track).to));
  }

  /** Made anew at every read. The ticks of the last one may still change. */
  get fragments(): readonly { readonly sizeBytes: number; readonly videoTicks: number; readonly isKey: boolean }[] {
    return Array.from({ length: this.#fragmentBytes.length }, (_, index) => ({
      sizeBytes: this.#fragmentBytes.at(index),
      videoTicks: this.#frameTimeTicks(index + 1) - this.#frameTimeTicks(index),
      isKey: this.#fragmentKey.at(index) === 1,
    }));
  }

  /** @throws Mp4Error `no-movie` for a second one, `not-fragmented`, `unsupported-edit` */
  startMovie(movie: Movie, initBytes: number): void {
    if (this.#movie !== null) throw new Mp4Error('no-movie', 'there is a second moov box');
    if (!movie.isFragmented) throw new Mp4Error('not-fragmented', 'the movie box has no defaults for fragments');
    this.#tracks = movie.tracks.map((track) => new TrackSamples(track, movie.timescale));
    this.#movie = movie;
    this.#initBytes = initBytes;
  }

  /** @throws Mp4Error `bad-box` when there is no such track. */
  track(id: number): TrackSamples {
    const track = this.#tracks.find((candidate) => candidate.id === id);
    if (track === undefined) throw new Mp4Error('bad-box', `a fragment of track ${id}, which does not exist`);
    return track;
  }

  /** @throws Mp4Error `dts-backwards` */
  addFragment(runs: readonly SampleRun[], endBytes: number): void {
    const firstFrame = this.videoFrames;
    for (const run of runs) this.track(run.trackId).add(run);
    const hasFrame = this.videoFrames > firstFrame;
    this.#fragmentFirstFrame.push(firstFrame);
    this.#fragmentKey.push(hasFrame ? (this.videoTrack?.sync.at(firstFrame) ?? 0) : 0);
    this.#fragmentBytes.push(endBytes - (this.#completeBytes || this.#initBytes));
    this.#completeBytes = endBytes;
  }

  /** Where the earliest track starts, seconds on the recording's own timeline: 0 of the timeline that is shown. */
  get originSec(): number {
    const starts = this.#sampledTracks().map((track) => track.start.startTicks / track.timescale);
    return starts.length === 0 ? 0 : Math.min(...starts);
  }

  /** When the track's media, counted from its first decode time, is shown: milliseconds from the file's start. */
  presentationMs(track: TrackSamples, mediaTicks: number): number {
    const { startTicks, mediaTimeTicks } = track.start;
    return ((mediaTicks - mediaTimeTicks + startTicks) / track.timescale - this.originSec) * 1000;
  }

  #sampledTracks(): readonly TrackSamples[] {
    return this.#tracks.filter((track) => track.samples > 0);
  }

  #shownMs(track: TrackSamples): { readonly from: number; readonly to: number } {
    const { from, to } = track.shownTicks;
    return { from: this.presentationMs(track, from), to: this.presentationMs(track, to) };
  }

  #frameTimeTicks(fragment: number): number {
    const track = this.videoTrack;
    if (track === null) return 0;
    if (fragment === this.#fragmentFirstFrame.length) return track.endDtsTicks;
    const frame = this.#fragmentFirstFrame.at(fragment);
    return frame === track.samples ? track.endDtsTicks : track.dtsTicks.at(frame);
  }
}
