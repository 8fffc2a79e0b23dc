import type { Victim } from './fault-bench.js';

/** A fault that was switched on. */
export interface Begun {
  /** Whether it is there: by what the victim does, not by the switch. Where nothing is left to do it to, it never shows. */
  shows(): boolean | Promise<boolean>;
  /** Undoes it; resolves when the cause is gone, not when the recorder has recovered. */
  heal(): Promise<void>;
}

/** Something that is done to a recorder or to what it depends on. It may be healed after its victim is gone. */
export interface Fault {
  /** Two faults with the same one are not on at once. */
  readonly target: 'camera' | 'ffmpeg' | 'program' | 'temporal' | 'store';
  /** How long the chaos lets it last. */
  readonly holdSec: { readonly least: number; readonly most: number };
  isPossible(victim: Victim): boolean;
  inject(victim: Victim): Promise<Begun>;
}

export const AT_ONCE = { least: 0, most: 2 };
/** A hang that is over before anybody must act; a worker is replaced after 10 s. */
export const SHORT = { least: 3, most: 8 };
export const OUTAGE = { least: 5, most: 25 };

export const nothingToHeal = async (): Promise<void> => undefined;
