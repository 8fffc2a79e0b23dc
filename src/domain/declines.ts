import { z } from 'zod';
import type { GapCauseText } from './gap-causes.js';
import type { Redacted } from './ids.js';
import { refusalTexts } from './refusals.js';

/** Why a recorder does not take a camera that is asked for. The camera itself has nothing to do with it. */
export const DECLINES = ['no-secret', 'no-route', 'no-capacity', 'no-space'] as const;
/** The failure's type in Temporal too: each is a `FailureCode`. */
export type Decline = (typeof DECLINES)[number];

/** Page, command line and workflow print these words. */
export const declineTexts: Readonly<Record<Decline, Omit<GapCauseText, 'owner'>>> = {
  'no-secret': refusalTexts['no-url'],
  'no-route': {
    what: 'This recorder has no way to the network of the camera.',
    todo: 'Connect its machine to that network, or start another recorder there.',
  },
  'no-capacity': {
    what: 'This recorder has as many cameras as it takes.',
    todo: 'Start another recorder, or raise MAX_CAMERAS when the machine can do more.',
  },
  'no-space': {
    what: 'The spool of this recorder has too little space for one more camera.',
    todo: 'Free space on its disk, find out why uploads do not keep up, or start another recorder.',
  },
};

/** A recorder's word on a camera that it does not take. Plain JSON: it crosses Temporal. */
export interface Declined {
  readonly decline: Decline;
  /** What exactly is missing. */
  readonly detail: Redacted;
  /** UTC ms of the first time. */
  readonly sinceMs: number;
}

/** Of a signal: a reason that only a newer recorder knows is refused. */
export const declinedSchema: z.ZodType<Declined, unknown> = z.object({
  decline: z.enum(DECLINES),
  detail: z.string().transform((text) => text as Redacted),
  sinceMs: z.number(),
});
