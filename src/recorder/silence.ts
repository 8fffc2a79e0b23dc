/**
 * How long no new video frame has come, counting only time in which the supervisor itself was awake: a paused virtual machine,
 * a stopped process or a blocked event loop must not make healthy cameras look stalled. Pure; monotonic ms.
 */
export interface Silence {
  readonly frames: number;
  readonly silentMs: number;
  readonly lookedAtMs: number;
}

/** Between two looks 0.5 s apart; what is longer than this was sleep, of which only this much counts. */
const LONGEST_AWAKE_MS = 1_500;

/** From the start of a session, or its newest frame. */
export function silenceFrom(nowMs: number, frames: number): Silence {
  return { frames, silentMs: 0, lookedAtMs: nowMs };
}

/** `frames` is the session's sum: one that changed ends the silence. */
export function lookedAgain(silence: Silence, nowMs: number, frames: number): Silence {
  if (frames !== silence.frames) return silenceFrom(nowMs, frames);
  const awakeMs = Math.min(nowMs - silence.lookedAtMs, LONGEST_AWAKE_MS);
  return { frames, silentMs: silence.silentMs + awakeMs, lookedAtMs: nowMs };
}
