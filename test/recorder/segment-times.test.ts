import { expect, test } from 'vitest';
import { FileGrowth } from '../../src/recorder/file-growth.js';
import { continuedAt, type EndedFile, type FileTimes, timesOf } from '../../src/recorder/times.js';

const T = Date.UTC(2026, 0, 2, 3, 4, 0);
const FRAME_MS = 1_000 / 15;
const GOP_FRAMES = 30;
const FRAGMENT_MS = 500;

interface Frame {
  readonly madeAtMs: number;
  readonly cameAtMs: number;
}

/** One of FFmpeg's files, as somebody who knows everything sees it. */
interface WrittenFile {
  readonly frames: readonly Frame[];
  readonly bornAtMs: number;
  readonly writes: readonly { readonly atMs: number; readonly frames: number }[];
}

interface Session {
  readonly segmentMs: number;
  readonly lastsMs: number;
  /** Camera time that passes in a second of ours. */
  readonly pace: number;
  readonly latencyMs: number;
  readonly jitterMs: number;
  /** How long FFmpeg waits for the sound that belongs to a picture. */
  readonly soundMs: number;
  /** From the camera's last frame until FFmpeg gives up, and writes what it still has. */
  readonly silentMs: number;
}

/** The same numbers for the same seed. */
function randomFrom(seed: number): (least: number, most: number) => number {
  let state = seed;
  return (least, most) => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return least + (state / 2 ** 32) * (most - least);
  };
}

function framesOf(session: Session, random: ReturnType<typeof randomFrom>): readonly Frame[] {
  const frames: Frame[] = [];
  for (let madeAtMs = T; madeAtMs < T + session.lastsMs; madeAtMs += FRAME_MS / session.pace) {
    const cameAtMs = madeAtMs + session.latencyMs + random(0, session.jitterMs);
    frames.push({ madeAtMs, cameAtMs: Math.max(cameAtMs, frames.at(-1)?.cameAtMs ?? 0) });
  }
  return frames;
}

/** Cut at the first keyframe that comes after a boundary of the clock. */
function filesOf(session: Session, frames: readonly Frame[]): readonly WrittenFile[] {
  const endsAtMs = (frames.at(-1)?.cameAtMs ?? T) + session.silentMs;
  const slotOf = (frame: Frame | undefined) => Math.floor((frame?.cameAtMs ?? 0) / session.segmentMs);
  const parts: Frame[][] = [];
  frames.forEach((frame, position) => {
    const isCut = position % GOP_FRAMES === 0 && slotOf(frame) !== slotOf(parts.at(-1)?.[0]);
    if (isCut) parts.push([frame]);
    else parts.at(-1)?.push(frame);
  });
  return parts.map((part) => writtenOf(part, { frames, endsAtMs, soundMs: session.soundMs }));
}

/** A picture is written when sound as late as it has come: never, where both stop. The end writes all. */
function writtenOf(
  part: readonly Frame[],
  by: { readonly frames: readonly Frame[]; readonly endsAtMs: number; readonly soundMs: number },
): WrittenFile {
  const lastCameAtMs = by.frames.at(-1)?.cameAtMs ?? T;
  const mayWrite = ({ cameAtMs }: Frame) =>
    cameAtMs + by.soundMs > lastCameAtMs ? by.endsAtMs : cameAtMs + by.soundMs;
  const perFragment = Math.round(FRAGMENT_MS / FRAME_MS);
  const writes: { atMs: number; frames: number }[] = [];
  for (let whole = perFragment; whole < part.length; whole += perFragment) {
    writes.push({ atMs: mayWrite(part[whole] as Frame), frames: whole });
  }
  // The last fragment is whole when the next file begins, or with the end.
  const next = by.frames[by.frames.indexOf(part.at(-1) as Frame) + 1];
  writes.push({ atMs: next === undefined ? by.endsAtMs : mayWrite(next), frames: part.length });
  return { frames: part, bornAtMs: mayWrite(part[0] as Frame), writes };
}

/** Looks twice a second, sometimes later, as `SessionProgress` does. */
function followed(files: readonly WrittenFile[], segmentDurationSec: number, random: ReturnType<typeof randomFrom>) {
  let predecessor: EndedFile | null = null;
  const seen: { readonly times: FileTimes; readonly opened: FileTimes; readonly frames: number }[] = [];
  files.forEach((file, index) => {
    const lookedAtMs = file.bornAtMs + random(0, 1_000);
    const growth = new FileGrowth();
    const modifiedAtMs = file.writes.findLast(({ atMs }) => atMs <= lookedAtMs)?.atMs ?? file.bornAtMs;
    const continuesAtMs = continuedAt(predecessor, { bornAtMs: file.bornAtMs, modifiedAtMs });
    const times = (): FileTimes => ({
      index,
      bornAtMs: file.bornAtMs,
      firstSeenAtMs: lookedAtMs,
      earliestStartMs: growth.earliestStartMs,
      continuesAtMs,
      lastGrewAtMs: growth.lastGrewAtMs,
      steppedMs: 0,
    });
    const opened = times();
    for (let atMs = lookedAtMs, done = 0; done < file.frames.length; atMs += 500 + (random(0, 1) < 0.1 ? 1_500 : 0)) {
      const write = file.writes.findLast((one) => one.atMs <= atMs);
      if (write === undefined || write.frames === done) continue;
      done = write.frames;
      growth.note({ modifiedAtMs: write.atMs, mediaEndMs: done * FRAME_MS });
    }
    seen.push({ times: times(), opened, frames: file.frames.length });
    predecessor = { times: times(), latelyStartMs: growth.latelyStartMs, videoEndMs: file.frames.length * FRAME_MS };
  });
  return seen.map(({ times, frames }, index) =>
    timesOf(times, seen[index + 1]?.opened ?? null, {
      videoStartMs: 0,
      videoEndMs: frames * FRAME_MS,
      segmentDurationSec,
    }),
  );
}

test.each([
  { clock: 'is about right', slowest: 0.999, fastest: 1.001 },
  { clock: 'stamps 25 frames and ships 21', slowest: 0.84, fastest: 0.84 },
])('of a camera whose clock $clock, no segment says more than its frames, whenever it falls silent', (camera) => {
  for (let seed = 1; seed <= 1_000; seed += 1) {
    const random = randomFrom(seed);
    const session: Session = {
      segmentMs: 10_000,
      lastsMs: random(3_000, 45_000),
      pace: random(camera.slowest, camera.fastest),
      latencyMs: random(0, 100),
      jitterMs: random(0, 400),
      soundMs: random(0, 400),
      silentMs: random(0, 8_000),
    };
    const files = filesOf(session, framesOf(session, random));
    const segments = followed(files, session.segmentMs / 1_000, random);
    // Ours are times of arrival.
    const edgeMs = 500 + session.latencyMs + session.soundMs;
    // By media time an end is as early as the camera's clock is slow: since what was seen lately, and of the last file since its start.
    const slow = 1 - session.pace;
    segments.forEach(({ fromMs, toMs }, index) => {
      const [first, last] = [files[index]?.frames[0]?.madeAtMs ?? 0, files[index]?.frames.at(-1)?.madeAtMs ?? 0];
      const at = JSON.stringify({ seed, index, of: files.length, ...session });
      const isLast = index === files.length - 1;
      expect(fromMs - first, `late start, ${at}`).toBeLessThanOrEqual(edgeMs);
      expect(first - fromMs, `early start, ${at}`).toBeLessThanOrEqual(500 + Math.max(0, 4_000 * slow));
      expect(toMs - last - FRAME_MS, `late end, ${at}`).toBeLessThanOrEqual(edgeMs);
      expect(last - toMs, `early end, ${at}`).toBeLessThanOrEqual(500 + (isLast ? 4_000 + last - first : 4_000) * slow);
      if (index > 0) expect(fromMs, `touching, ${at}`).toBe(segments[index - 1]?.toMs);
    });
  }
});
