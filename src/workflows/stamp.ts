import { createLocalTime } from '../domain/local-time.js';

/** Writes a moment for people. */
export type Stamp = (atMs: number) => string;

const utc: Stamp = (atMs) => `${new Date(atMs).toISOString().slice(0, 19).replace('T', ' ')}Z`;

/**
 * `2025-12-14 02:30:00 UTC+01:00` in the zone of the recorder that has the camera. Where none was said (older recorders), or one that this
 * machine does not know, `2025-12-14 01:30:00Z`. What is written nowhere decides what a workflow does: replay with other rules of a zone is
 * the same workflow.
 */
export function stampIn(timezone: string | null): Stamp {
  if (timezone === null) return utc;
  try {
    const time = createLocalTime(timezone);
    return (atMs) => `${time.day(atMs)} ${time.clock(atMs)} ${time.offset(atMs)}`;
  } catch (error) {
    if (error instanceof RangeError) return utc;
    throw error;
  }
}
