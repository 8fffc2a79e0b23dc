/** A file is closed by the first keyframe after its boundary. */
const LATE_CUT_MS = 4_000;
const DAY_SEC = 86_400;

/**
 * Before it, every second is footage or has its cause (INV-8); after it, footage may still be on its way and a gap not yet told. Two
 * whole slots of the clock. UTC ms; pure.
 * @param longestMs of the segments and slots seen; a camera's own setting may differ from the one that is known here
 */
export function settledBefore(nowMs: number, segmentDurationSec: number, longestMs: number): number {
  let slotSec = Math.max(segmentDurationSec, Math.ceil((longestMs - LATE_CUT_MS) / 1_000));
  while (DAY_SEC % slotSec !== 0 && slotSec < DAY_SEC) slotSec += 1;
  const slotMs = slotSec * 1_000;
  return Math.floor(nowMs / slotMs) * slotMs - 2 * slotMs;
}
