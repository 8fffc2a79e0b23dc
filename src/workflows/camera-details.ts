import type { CameraCondition, LeftCause } from '../domain/camera.js';
import { declineTexts } from '../domain/declines.js';
import { gapCauseTexts } from '../domain/gap-causes.js';
import { type Instability, instabilityWords, UNSTABLE_TODO } from '../domain/instability.js';
import { troubleTextOf } from '../domain/refusals.js';
import type { AssignmentDeclined, CameraStatus, RecentSegment } from './contract.js';
import { type Stamp, stampIn } from './stamp.js';

const SHOWN_SEGMENTS = 5;
/** The failure of an activity that is tried again is not told to its workflow. */
const WHERE_REFUSALS_ARE =
  'Why it is not taken: the last failure of the activity `assignCamera` under Pending Activities.';
const BYTES_A_MEGABYTE = 1e6;

/** Markdown for the Web UI: what the camera does, why, what to do, and its newest segments. Pure. */
export function detailsOf(status: CameraStatus): string {
  const stamp = stampIn(status.timezone);
  const lines = [
    `**${headlineOf(status, stamp)}**`,
    '',
    ...adviceOf(status, stamp),
    `Recorder: ${status.recorder === null ? 'none yet' : `\`${status.recorder}\``}`,
    `Source: ${status.spec.source.kind === 'secret' ? `secret \`${status.spec.source.name}\`` : 'a URL without a password'}` +
      `, segments of ${status.spec.segmentDurationSec} s, audio ${status.spec.audio}`,
    ...segmentsOf(status.recent, stamp),
  ];
  return lines.join('\n');
}

/** The one word that is searched for: `CameraState`. */
export function stateWordOf(status: Pick<CameraStatus, 'desired' | 'condition'>): string {
  const { desired, condition } = status;
  return desired === 'pause' && condition.kind !== 'removed' ? 'paused' : condition.kind;
}

/** What the Web UI lists as the upload's summary. */
export function segmentSummaryOf(segment: RecentSegment, stamp: Stamp): string {
  const seconds = Math.round((segment.toMs - segment.fromMs) / 1_000);
  return `${stamp(segment.fromMs)}, ${seconds} s, ${megabytes(segment.sizeBytes)}`;
}

function headlineOf(status: CameraStatus, stamp: Stamp): string {
  const since = `since ${stamp(status.condition.sinceMs)}`;
  if (status.condition.kind === 'removed') return `Stopped (cancelled) at ${stamp(status.condition.sinceMs)}`;
  if (status.stopping !== null) return `Stopping (${status.stopping})`;
  if (status.desired === 'pause') return `Paused ${since}${pauseReasonOf(status)}`;
  const { condition } = status;
  if (isUnstable(condition))
    return `Unstable since ${stamp(condition.unstable.sinceMs)}: ${instabilityWords(condition.unstable)}`;
  switch (condition.kind) {
    case 'unassigned':
      return `Waiting for a recorder ${since}`;
    case 'paused':
      return `Paused ${since}`;
    case 'connecting':
      return `Connecting ${since}`;
    case 'recording':
      return `Recording ${since}`;
    case 'down':
      return `Not recording ${since}: ${troubleTextOf(condition).what}`;
    default: {
      const never: never = condition;
      throw new Error(`no headline for ${JSON.stringify(never)}`);
    }
  }
}

/** As an operator wrote it, but never as Markdown of the page. */
function pauseReasonOf({ pauseReason }: CameraStatus): string {
  return pauseReason === null ? '' : `: ${pauseReason.replaceAll(/[\\`*_[\]<>|\r\n]/g, ' ')}`;
}

/** One that was told to be down is away for longer than a blip. */
function isUnstable(
  condition: CameraStatus['condition'],
): condition is CameraCondition & { readonly unstable: Instability } {
  return (condition.kind === 'recording' || condition.kind === 'connecting') && condition.unstable !== undefined;
}

function adviceOf({ condition, declined }: CameraStatus, stamp: Stamp): readonly string[] {
  if (condition.kind === 'removed') return [textOf('removed'), ''];
  if (condition.kind === 'unassigned' && condition.cause !== undefined) return [textOf(condition.cause), ''];
  if (condition.kind === 'unassigned' && declined.length > 0)
    return [...declined.map((word) => declinedLine(word, stamp)), ''];
  if (condition.kind === 'unassigned') return [gapCauseTexts['not-scheduled'].todo, WHERE_REFUSALS_ARE, ''];
  if (isUnstable(condition)) return [UNSTABLE_TODO, ''];
  if (condition.kind !== 'down') return [];
  const { todo } = troubleTextOf(condition);
  return [todo, '', `It said: ${condition.detail}. Next try at ${stamp(condition.retryAtMs)}.`, ''];
}

function declinedLine({ recorder, decline, detail, sinceMs }: AssignmentDeclined, stamp: Stamp): string {
  const { what, todo } = declineTexts[decline];
  return `- \`${recorder}\` does not take it since ${stamp(sinceMs)}: ${what} ${todo} It said: ${detail}.`;
}

function textOf(cause: LeftCause): string {
  const { what, todo } = gapCauseTexts[cause];
  return `${what} ${todo}`;
}

function segmentsOf(recent: readonly RecentSegment[], stamp: Stamp): readonly string[] {
  if (recent.length === 0) return ['', 'No segment yet.'];
  const rows = recent.slice(-SHOWN_SEGMENTS).reverse();
  return [
    '',
    '| segment | from | seconds | size |',
    '|---|---|---|---|',
    ...rows.map(
      (row) =>
        `| \`upload/${row.segment}\` | ${stamp(row.fromMs)} | ${Math.round((row.toMs - row.fromMs) / 1_000)} | ${megabytes(row.sizeBytes)} |`,
    ),
  ];
}

function megabytes(sizeBytes: number): string {
  return `${(sizeBytes / BYTES_A_MEGABYTE).toFixed(1)} MB`;
}
