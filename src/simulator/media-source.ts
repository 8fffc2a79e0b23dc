import { encodeFrameStamp } from '../mp4/frame-stamp.js';
import { AUDIO_PACKET, alawPacket } from './a-law.js';
import { type AccessUnit, isSlice } from './annex-b.js';
import { CameraClock } from './camera-clock.js';
import { clockText } from './clock-face.js';
import type { FaultSet } from './fault.js';
import type { FrameLog } from './frame-log.js';
import { readSliceHead } from './parameter-sets.js';
import type { Picture } from './picture.js';
import { createRtpTrack, packAudio, packSenderReport, packVideo, type RtpTrack } from './rtp.js';
import type { Delivery } from './rtsp-connection.js';

interface MediaOptions {
  readonly picture: Picture;
  readonly fps: number;
  readonly hasAudio: boolean;
  readonly startMs: number;
  readonly reportIntervalMs: number;
  readonly random: () => number;
  readonly faults: FaultSet;
  readonly log: FrameLog;
}

/** Behind by more than this, a frame is not made up any more. */
const MAX_BACKLOG_MS = 10_000;

/** What the camera sees and hears: makes the packets that are due, whether or not anybody is there to take them. */
export class MediaSource {
  readonly #options: MediaOptions;
  readonly #clock: CameraClock;
  readonly #video: RtpTrack;
  readonly #audio: RtpTrack;
  readonly #startMs: number;
  #picture: Picture;
  /** The clock of the frame sent last. */
  #shown = '';
  #audioPackets = 0;
  #reportDueMs: number;
  #last: { readonly counter: number; readonly atMs: number } | null = null;

  constructor(options: MediaOptions) {
    this.#options = options;
    this.#clock = new CameraClock(options.fps, options.startMs);
    this.#startMs = this.#clock.nextDueMs;
    this.#video = createRtpTrack({ payloadType: 96, clockRateHz: 90_000, random: options.random });
    this.#audio = createRtpTrack({ payloadType: 8, clockRateHz: AUDIO_PACKET.clockRateHz, random: options.random });
    this.#picture = options.picture;
    this.#reportDueMs = this.#startMs + options.reportIntervalMs;
  }

  /** What DESCRIBE speaks of. */
  get picture(): Picture {
    return this.#picture;
  }

  get nextDueMs(): number {
    return this.#clock.nextDueMs;
  }

  jumpTimestamps(byMs: number): void {
    for (const track of [this.#video, this.#audio]) {
      const ticks = Math.round((byMs * track.clockRateHz) / 1_000);
      track.offsetTicks = (((track.offsetTicks + ticks) % 2 ** 32) + 2 ** 32) % 2 ** 32;
    }
  }

  /** Everything due by now, in the order in which it goes out. */
  takeDue(nowMs: number): readonly Delivery[] {
    this.#clock.ship(this.#options.faults.get('clock-drift')?.shippedFps ?? this.#options.fps);
    if (nowMs - this.#clock.nextDueMs > MAX_BACKLOG_MS) this.#clock.skipTo(nowMs);
    const deliveries: Delivery[] = [];
    for (let frame = this.#clock.take(nowMs); frame !== null; frame = this.#clock.take(nowMs)) {
      if (!this.#isDropped(frame.counter)) deliveries.push(this.#makeFrame(frame));
    }
    return [...deliveries, ...this.#takeAudio(nowMs), ...this.#takeReports(nowMs)];
  }

  #isDropped(counter: number): boolean {
    const fault = this.#options.faults.get('drop-frames');
    return fault !== undefined && counter % fault.everyNth === 0;
  }

  #makeFrame(frame: { readonly counter: number; readonly atMs: number }): Delivery {
    this.#options.log.add(frame);
    this.#last = frame;
    const unit = this.#look(frame.counter);
    const stamp = encodeFrameStamp({ counter: frame.counter, sentAtUs: Math.round(frame.atMs * 1_000) });
    const firstSlice = unit.nals.findIndex(isSlice);
    const nals = [
      ...unit.nals.slice(0, firstSlice),
      stamp,
      ...unit.nals.slice(firstSlice),
      this.#clockOf(unit, frame.atMs),
    ];
    const packets = packVideo(this.#video, nals, this.#clock.videoTicks(frame.counter));
    return { medium: 'video', isReport: false, isKey: unit.isKey, packets, counter: frame.counter };
  }

  #clockOf(unit: AccessUnit, atMs: number): Buffer {
    const slice = unit.nals.find(isSlice);
    if (slice === undefined) throw new RangeError('a frame without a picture');
    const text = clockText(atMs);
    const head = readSliceHead(slice, unit.isKey, this.#picture.frameNumBits);
    const nal = this.#picture.clock.code(head, text, this.#shown);
    this.#shown = text;
    return nal;
  }

  /** The picture of this moment; another scene is cut to at a keyframe of its own. */
  #look(counter: number): AccessUnit {
    const wanted = this.#options.faults.get('new-parameters')?.picture ?? this.#options.picture;
    const unit = unitAt(wanted, counter);
    if (wanted !== this.#picture && unit.isKey) this.#picture = wanted;
    return unitAt(this.#picture, counter);
  }

  #takeAudio(nowMs: number): readonly Delivery[] {
    const due = Math.floor((nowMs - this.#startMs) / AUDIO_PACKET.durationMs) + 1;
    const first = Math.max(this.#audioPackets, due - MAX_BACKLOG_MS / AUDIO_PACKET.durationMs);
    this.#audioPackets = Math.max(this.#audioPackets, due);
    if (!this.#options.hasAudio) return [];
    return Array.from({ length: Math.max(0, due - first) }, (_, index) => {
      const counter = first + index;
      const packets = packAudio(this.#audio, alawPacket(counter), counter * AUDIO_PACKET.samples);
      return { medium: 'audio', isReport: false, isKey: false, packets, counter: null };
    });
  }

  #takeReports(nowMs: number): readonly Delivery[] {
    if (nowMs < this.#reportDueMs || this.#last === null) return [];
    this.#reportDueMs = nowMs + this.#options.reportIntervalMs;
    const audioTicks = ((nowMs - this.#startMs) * AUDIO_PACKET.clockRateHz) / 1_000;
    const video = packSenderReport(this.#video, this.#last.atMs, this.#clock.videoTicks(this.#last.counter));
    const audio = packSenderReport(this.#audio, nowMs, audioTicks);
    return [reportOf('video', video), ...(this.#options.hasAudio ? [reportOf('audio', audio)] : [])];
  }
}

function unitAt(picture: Picture, counter: number): AccessUnit {
  const unit = picture.accessUnits[counter % picture.accessUnits.length];
  if (unit === undefined) throw new RangeError('a picture without frames');
  return unit;
}

function reportOf(medium: Delivery['medium'], packets: Buffer): Delivery {
  return { medium, isReport: true, isKey: false, packets, counter: null };
}
