import type { GapCause } from './coverage.js';

/** Where a person has to look; coverage sums missing time by it. */
export type GapOwner = 'camera' | 'network' | 'recorder' | 'store' | 'operator';

/** One row a person can act on. The status page, the command line, the workflow and the docs all print these words. */
export interface GapCauseText {
  readonly owner: GapOwner;
  /** What it is. A sentence without the camera's name. */
  readonly what: string;
  /** What to do about it. */
  readonly todo: string;
}

/** Complete: a new cause does not compile without its words. */
export const gapCauseTexts: Readonly<Record<GapCause, GapCauseText>> = {
  'camera-unreachable': {
    owner: 'network',
    what: 'The camera does not answer on the network.',
    todo: 'Check its power, its Wi-Fi and that the address in its URL is still right.',
  },
  'camera-refused': {
    owner: 'camera',
    what: 'The camera answers but refuses the stream.',
    todo: 'Check the camera account (user, password), the path in the URL, and that no more than two others watch it.',
  },
  'camera-stalled': {
    owner: 'camera',
    what: 'The camera is connected but sends no video.',
    todo: 'Usually heals by itself; if it repeats, restart the camera or improve its Wi-Fi.',
  },
  'stream-ended': {
    owner: 'camera',
    what: 'The camera ended the stream.',
    todo: 'Usually heals by itself; if it repeats, look for reboots or a weak network.',
  },
  'recorder-restarted': {
    owner: 'recorder',
    what: 'The recorder itself was restarted.',
    todo: 'Nothing, if it was planned; otherwise look at its log for the reason.',
  },
  'recorder-lost': {
    owner: 'recorder',
    what: 'The recorder that had this camera is gone.',
    todo: 'Bring it back: what is in its spool is uploaded then and heals the gap.',
  },
  'ffmpeg-died': {
    owner: 'recorder',
    what: 'The recording process died.',
    todo: 'Look for an out-of-memory kill or a crash in the system log.',
  },
  moved: {
    owner: 'recorder',
    what: 'The camera moved from one recorder to another.',
    todo: 'Nothing: another recorder took over.',
  },
  reconfigured: {
    owner: 'operator',
    what: 'The recording was started anew: settings or the picture changed, or an operator asked for it.',
    todo: 'Nothing: it goes on by itself.',
  },
  paused: {
    owner: 'operator',
    what: 'The camera is paused.',
    todo: 'Resume it when it should record again.',
  },
  removed: {
    owner: 'operator',
    what: 'The camera was stopped or taken out of the configuration.',
    todo: 'Start its workflow again when it should record.',
  },
  'not-scheduled': {
    owner: 'operator',
    what: 'No recorder takes the camera.',
    todo: 'Start a recorder that has the secret and the room for it.',
  },
  'disk-full': {
    owner: 'store',
    what: 'The spool has no space left.',
    todo: 'Free space, or find out why uploads do not keep up.',
  },
  'disk-stalled': {
    owner: 'recorder',
    what: 'The spool disk does not answer, or cannot be written.',
    todo: 'Check the disk and its mount.',
  },
  'clock-stepped': {
    owner: 'recorder',
    what: 'The clock of the recorder was changed.',
    todo: 'Keep the clock in step (NTP).',
  },
  quarantined: {
    owner: 'recorder',
    what: 'A recorded file could not be read.',
    todo: 'It is kept in the quarantine folder of the spool; look at it before deleting.',
  },
  expired: {
    owner: 'operator',
    what: 'The footage was deleted by the retention rule.',
    todo: 'Nothing, if the rule is what you want.',
  },
};

/** As `gapCauseTexts` has it. */
export function ownerOf(cause: GapCause): GapOwner {
  return gapCauseTexts[cause].owner;
}

/** Whether somebody waits for the footage: nobody does for a camera that was cancelled. */
export function isMissed({ cause }: { readonly cause: GapCause }): boolean {
  return cause !== 'removed';
}
