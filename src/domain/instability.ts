import { z } from 'zod';

/** A camera that comes and goes: a state of its own, so that nobody is alarmed by each blip. Plain JSON: it crosses Temporal. */
export interface Instability {
  /** UTC ms. */
  readonly sinceMs: number;
  /** Connections that were lost within the last hour. */
  readonly reconnects: number;
  /** How much of that hour is footage, or of the time since the camera is watched when that is shorter: 0 to 1. */
  readonly coveredRatio: number;
}

export const instabilitySchema: z.ZodType<Instability, unknown> = z.object({
  sinceMs: z.number(),
  reconnects: z.number(),
  coveredRatio: z.number(),
});

/** What to do about it. */
export const UNSTABLE_TODO =
  'Improve its Wi-Fi or its power, and look for reboots: the causes of the last gaps say which it is.';

/** `14 reconnects/h, 96.1 % covered`: never 100 % where something is missing. */
export function instabilityWords({
  reconnects,
  coveredRatio,
}: Pick<Instability, 'reconnects' | 'coveredRatio'>): string {
  return `${reconnects} reconnects/h, ${(Math.floor(coveredRatio * 1_000) / 10).toFixed(1)} % covered`;
}
