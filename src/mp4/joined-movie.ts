/**
 * Stretches of several files as one ordinary movie, without encoding anything anew: samples are copied, and this says where they go.
 *
 * 1. Pictures follow each other without a hole: where time is missing between two stretches, the captions tell it, the film does not wait.
 * 2. Sound keeps its place beside the picture of its own stretch. What would sound twice at a seam is left out.
 * 3. All stretches have the decoder settings of the first (`accepts`): there is one sample description a track.
 */
import type { Box } from './box.js';
import { box, FieldWriter } from './box-writer.js';
import { CAPTION_TIMESCALE, captionSample, captionTrack } from './caption-track.js';
import { decoderSettingsOf } from './decoder-settings.js';
import type { Media, MediaTrack } from './media.js';
import type { Movie, MovieTrack } from './movie.js';
import { movieBox } from './movie-writer.js';
import { Mp4Error } from './mp4-error.js';
import type { Sample } from './sample.js';
import type { SealedTimeline, SealedTrack } from './sealed-timeline.js';
import type { Stretch, TrackStretch } from './stretch.js';
import { TrackSamples } from './track-samples.js';

const TRACK_IDS = { video: 1, audio: 2, captions: 3 } as const;
/** Sound that begins so much before the end of what sounded last, in parts of a sample, sounds twice. */
const DOUBLE_SOUND = 0.5;

/** A sample to be copied: it is to follow the one before it in the new file. */
export interface SampleCopy {
  readonly to: TrackSamples;
  /** In the file it comes from. */
  readonly source: Sample;
  /** On the new movie's clock, in ticks of `to`. */
  readonly dtsTicks: number;
  readonly durationTicks: number;
  readonly compositionTicks: number;
}

/** A stretch in its place. */
export interface PlacedStretch {
  /** In the order of the file they come from. */
  readonly copies: readonly SampleCopy[];
  /** Where its picture begins, milliseconds from the movie's start. */
  readonly startMs: number;
}

/** A line of text, shown from the end of the caption before it. */
export interface Caption {
  /** Milliseconds from the movie's start. */
  readonly toMs: number;
  readonly text: string;
}

export class JoinedMovie {
  readonly #first: MediaTrack;
  readonly #movie: Movie;
  readonly #video: TrackSamples;
  readonly #captions: TrackSamples;
  #audio: { readonly samples: TrackSamples; readonly settings: string } | null = null;

  /** Begins empty; `media` has the settings. @throws Mp4Error `unsupported-track` without video */
  constructor({ movie, video }: Media) {
    if (video === null) throw new Mp4Error('unsupported-track', 'there is no video');
    this.#first = video;
    this.#movie = movie;
    this.#video = samplesOf(video.movieTrack, TRACK_IDS.video);
    this.#captions = new TrackSamples(captionTrack(video.movieTrack, TRACK_IDS.captions), CAPTION_TIMESCALE);
  }

  /** Whether what is in the file can be decoded with the settings of what is here already. @throws Mp4Error */
  accepts({ video, audio }: Media): boolean {
    if (video === null || decoderSettingsOf(video.movieTrack) !== decoderSettingsOf(this.#first.movieTrack))
      return false;
    return audio === null || this.#audio === null || this.#audio.settings === decoderSettingsOf(audio.movieTrack);
  }

  get frames(): number {
    return this.#video.samples;
  }

  /** The end of the picture so far, milliseconds from the movie's start. */
  get endMs(): number {
    return (this.#video.endDtsTicks / this.#video.timescale) * 1_000;
  }

  /** The end of the captions so far, as `endMs`. */
  get captionsEndMs(): number {
    return this.#captions.endDtsTicks;
  }

  /** Where everything of a stretch goes that is put at the end. Changes nothing but that a track of sound may be opened. */
  place(stretch: Stretch): PlacedStretch {
    const base = this.#video.endDtsTicks;
    const video = placed(stretch.video, this.#video, base);
    const audio = stretch.audio === null ? [] : this.#placedSound(stretch.audio, stretch.video, base);
    const copies = [...video, ...audio].sort((one, other) => one.source.offsetBytes - other.source.offsetBytes);
    return { copies, startMs: (base / this.#video.timescale) * 1_000 };
  }

  #placedSound(audio: TrackStretch, video: TrackStretch, videoBase: number): readonly SampleCopy[] {
    const settings = decoderSettingsOf(audio.track.movieTrack);
    this.#audio ??= { settings, samples: samplesOf(audio.track.movieTrack, TRACK_IDS.audio) };
    const to = this.#audio.samples;
    const delaySec = (startOf(audio) - startOf(video)) / 1_000;
    const base = Math.round((videoBase / this.#video.timescale + delaySec) * to.timescale);
    const least = to.samples === 0 ? 0 : to.endDtsTicks - to.durationTicks(to.samples - 1) * DOUBLE_SOUND;
    return placed(audio, to, base).filter(({ dtsTicks }) => dtsTicks >= least);
  }

  /** Takes in copies that were written one after the other from `offsetBytes` on. @throws Mp4Error `dts-backwards` */
  add(copies: readonly SampleCopy[], offsetBytes: number): void {
    let run: SampleCopy[] = [];
    let runAtBytes = offsetBytes;
    let atBytes = offsetBytes;
    for (const copy of copies) {
      if (run[0] !== undefined && run[0].to !== copy.to) {
        addRun(run, runAtBytes);
        run = [];
        runAtBytes = atBytes;
      }
      run.push(copy);
      atBytes += copy.source.sizeBytes;
    }
    addRun(run, runAtBytes);
  }

  /** The bytes of captions that follow those before them, to be written at `offsetBytes`. */
  caption(captions: readonly Caption[], offsetBytes: number): Uint8Array {
    const samples: Uint8Array[] = [];
    const entries = [];
    let fromMs = this.captionsEndMs;
    const dtsTicks = fromMs;
    for (const { toMs, text } of captions) {
      const durationTicks = Math.round(toMs) - fromMs;
      if (durationTicks <= 0) continue;
      const sample = captionSample(text);
      samples.push(sample);
      entries.push({ sizeBytes: sample.length, durationTicks, compositionTicks: 0, isSync: true });
      fromMs += durationTicks;
    }
    this.#captions.add({ trackId: this.#captions.id, dtsTicks, offsetBytes, samples: entries });
    return Buffer.concat(samples);
  }

  /** What comes first in the file. */
  fileType(): Uint8Array {
    const isHevc = this.#first.movieTrack.entry?.codec === 'hevc';
    const brands = ['isom', 'iso2', isHevc ? 'hvc1' : 'avc1', 'mp41'].join('');
    return box('ftyp', latin1('isom'), new FieldWriter().u32(512).done(), latin1(brands));
  }

  /** The movie box of all that was added. @param createdAtMs UTC @throws Mp4Error `no-complete-fragment` without a frame */
  movieBox(createdAtMs: number, isLarge: boolean): Uint8Array {
    const movie = { ...this.#movie, mvhd: withNextTrack(this.#movie.mvhd), udta: null };
    return movieBox(movie, this.#timeline(), { offsetBytes: 0, isLarge }, createdAtMs);
  }

  #timeline(): SealedTimeline {
    if (this.#video.samples === 0) throw new Mp4Error('no-complete-fragment', 'there is no frame');
    const tracks = [this.#video, this.#audio?.samples, this.#captions].filter((track) => track !== undefined);
    const heard = this.#audio?.samples;
    const hasDelay = heard !== undefined && heard.samples > 0 && this.#delaySec(heard) > 0;
    // The clock of the delayed track, as `sealedTimelineOf` says.
    const { timescale } = hasDelay ? heard : this.#video;
    return {
      timescale,
      tracks: tracks.filter(({ samples }) => samples > 0).map((track) => this.#sealed(track, timescale)),
    };
  }

  #sealed(samples: TrackSamples, timescale: number): SealedTrack {
    const mediaTimeTicks = samples === this.#video ? samples.shownTicks.from : 0;
    const mediaTicks = samples.shownTicks.to - mediaTimeTicks;
    const emptyTicks = samples === this.#audio?.samples ? Math.round(this.#delaySec(samples) * timescale) : 0;
    return { samples, emptyTicks, shownTicks: Math.ceil((mediaTicks * timescale) / samples.timescale), mediaTimeTicks };
  }

  /** From the first picture to the first sound. */
  #delaySec(sound: TrackSamples): number {
    const pictureSec = this.#video.shownTicks.from / this.#video.timescale;
    return Math.max(0, sound.firstDtsTicks / sound.timescale - pictureSec);
  }
}

function samplesOf(track: MovieTrack, id: number): TrackSamples {
  return new TrackSamples({ ...track, id, edits: [] }, track.timescale);
}

/** When the first sample of it would be shown if it were decoded and shown at once. */
function startOf({ track, samples }: TrackStretch): number {
  return track.presentationMs(samples[0]?.dtsTicks ?? 0);
}

function placed({ track, samples }: TrackStretch, to: TrackSamples, base: number): readonly SampleCopy[] {
  const firstTicks = samples[0]?.dtsTicks ?? 0;
  const scaled = (ticks: number): number => Math.round((ticks * to.timescale) / track.movieTrack.timescale);
  return samples.map((source) => {
    const dtsTicks = base + scaled(source.dtsTicks - firstTicks);
    const endTicks = base + scaled(source.dtsTicks + source.durationTicks - firstTicks);
    return {
      to,
      source,
      dtsTicks,
      durationTicks: endTicks - dtsTicks,
      compositionTicks: scaled(source.compositionTicks),
    };
  });
}

function addRun(run: readonly SampleCopy[], offsetBytes: number): void {
  const [first] = run;
  if (first === undefined) return;
  const samples = run.map(({ source, durationTicks, compositionTicks }) => {
    const { sizeBytes, isSync } = source;
    return { sizeBytes, durationTicks, compositionTicks, isSync };
  });
  first.to.add({ trackId: first.to.id, dtsTicks: first.dtsTicks, offsetBytes, samples });
}

/** The header says which number the next track would have: its last four bytes. */
function withNextTrack(mvhd: Box): Box {
  const content = Uint8Array.from(mvhd.content);
  new DataView(content.buffer).setUint32(content.length - 4, TRACK_IDS.captions + 1);
  return { ...mvhd, content };
}

function latin1(text: string): Uint8Array {
  return Buffer.from(text, 'latin1');
}
