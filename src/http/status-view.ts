import type { CameraConfig } from '../config/config.js';
import type { CameraCondition, CameraSpec } from '../domain/camera.js';
import type { CameraId } from '../domain/ids.js';
import { byteWords, durationWords } from '../domain/local-time.js';
import { fullSpoolNotices, spoolOutlookWords } from '../domain/spool-outlook.js';
import { otherSettings } from '../workers/other-settings.js';
import type { LinkStatus, UploadStatus } from '../workers/worker-status.js';
import { bucketWords, fullBucketNotices, retentionNotices } from './bucket-words.js';
import { type CameraWords, cameraWords, lastFootageAtMs, type WordsInput } from './camera-words.js';
import { damageNotices } from './damage-notices.js';
import type { GapSeconds } from './gaps-today.js';
import { supervisionNotices } from './supervision-notices.js';
import { wrongDayNotices } from './wrong-day-notices.js';

/** Everything the page, the command line and `/status.json` show, already in words. Plain JSON. */
export interface StatusView {
  readonly headline: string;
  /** `2026-11-25 14:03:12, Europe/Berlin (UTC+01:00)`; all other times are of the same zone. */
  readonly now: string;
  /** The time in `now`: `14:03:12`. */
  readonly clock: string;
  /** The zone in `now`: `Europe/Berlin (UTC+01:00)`. */
  readonly zone: string;
  /** What needs a look beside the cameras; empty when nothing does. */
  readonly notices: readonly string[];
  /** The spool, in a sentence. */
  readonly spool: string;
  /** How full the bucket is and when it will be, in sentences. */
  readonly bucket: string;
  readonly cameras: readonly CameraView[];
  /** The list of all workflows. */
  readonly webUiUrl: string | null;
}

/** One row of the page. Its texts are for people and may change; programs read metrics. */
export interface CameraView extends CameraWords {
  readonly id: CameraId;
  readonly name: string;
  /** Site and tags; may be empty. */
  readonly place: string;
  /** Right now: a camera may be `unstable` and away for a moment. */
  readonly isRecording: boolean;
  readonly lastFrame: string;
  readonly gapsToday: string;
  readonly waitingUploads: string;
  /** As it is recorded, which may be otherwise than it is configured; null when it is not recorded here. */
  readonly segmentSec: number | null;
  /** Since this worker started. */
  readonly storedSegments: number;
  readonly webUiUrl: string | null;
}

/** One look at everything. Times are wall-clock, UTC milliseconds. */
export interface StatusInput extends WordsInput {
  readonly configured: readonly CameraConfig[];
  readonly conditions: ReadonlyMap<CameraId, CameraCondition>;
  /** As they are recorded. */
  readonly specs: ReadonlyMap<CameraId, CameraSpec>;
  readonly gapsToday: (camera: CameraId) => GapSeconds;
  /** Since when the gaps of a camera are counted: what was before, only the bucket knows. */
  readonly countedSinceMs: (camera: CameraId) => number;
  /** The Temporal Web UI, and the namespace to look at. */
  readonly webUi: { readonly url: string; readonly namespace: string } | null;
}

/** Connecting takes a moment, and so does one that comes back at once: neither is worth a notice. */
const NOTICE_AFTER_MS = 5_000;

/** A camera that is no longer recorded here stays on the page so long after its last footage. */
const FORGOTTEN_AFTER_MS = 86_400_000;

/** Pure: the same input gives the same words. */
export function statusView(input: StatusInput): StatusView {
  const { nowMs, time, worker } = input;
  const known = [...input.conditions.keys()].filter((id) => !isForgotten(id, input));
  const ids = new Set([...input.configured.map(({ id }) => id), ...known, ...worker.declined.keys()]);
  const cameras = [...ids].map((id) => cameraView(id, input));
  const clock = time.clock(nowMs);
  const zone = `${time.timezone} (${time.offset(nowMs)})`;
  return {
    headline: headlineOf(cameras),
    now: `${time.day(nowMs)} ${clock}, ${zone}`,
    clock,
    zone,
    notices: [
      ...(input.limitNotice === null ? [] : [input.limitNotice]),
      ...linkNotice(
        'Temporal does not answer',
        worker.store === null ? 'Workflows go on when it does.' : 'Recording and uploading go on; nothing is lost.',
        worker.temporal,
        input,
      ),
      ...linkNotice('The store does not answer as it should', 'Recordings wait in the spool.', worker.store, input),
      ...fullSpoolNotices(worker.spoolOutlook),
      ...fullBucketNotices(worker.bucket, nowMs),
      ...wrongDayNotices(worker.wrongDays),
      ...retentionNotices(worker.retention),
      ...damageNotices(worker.damaged),
      ...supervisionNotices(worker.supervision),
    ],
    spool: spoolWords(input),
    bucket: bucketWords(worker.bucket, nowMs),
    cameras,
    webUiUrl: input.webUi === null ? null : workflowsUrl(input.webUi),
  };
}

/** A camera that was cancelled or moved away, and of which nothing is left to be done or to be looked up here. */
function isForgotten(id: CameraId, input: StatusInput): boolean {
  if (input.conditions.get(id)?.kind !== 'unassigned') return false;
  const uploads = input.worker.uploads.get(id);
  const newestMs = lastFootageAtMs(id, input) ?? 0;
  return (uploads?.waitingSegments ?? 0) === 0 && input.nowMs - newestMs >= FORGOTTEN_AFTER_MS;
}

function headlineOf(cameras: readonly CameraView[]): string {
  const wanted = cameras.filter(({ level }) => level !== 'off');
  const good = wanted.filter(({ level }) => level === 'good' || level === 'unstable').length;
  const unstable = wanted.filter(({ level }) => level === 'unstable').length;
  const off = cameras.length - wanted.length;
  if (cameras.length === 0) return 'There is no camera yet.';
  const words =
    wanted.length === 0
      ? 'No camera is to be recorded'
      : `${good} of ${wanted.length === 1 ? '1 camera is' : `${wanted.length} cameras are`} recording`;
  return `${words}${unstable === 0 ? '' : `, ${unstable} unstable`}${off === 0 || wanted.length === 0 ? '' : `, ${off} off`}.`;
}

function cameraView(id: CameraId, input: StatusInput): CameraView {
  const { nowMs } = input;
  const config = input.configured.find((camera) => camera.id === id);
  const condition: CameraCondition = input.conditions.get(id) ?? { kind: 'unassigned', sinceMs: nowMs };
  const words = cameraWords(id, condition, input);
  const spec = condition.kind === 'unassigned' ? undefined : input.specs.get(id);
  const settings = spec === undefined || config === undefined ? null : otherSettings(id, spec, config.spec);
  const todos = [words.todo, settings].filter((todo) => todo !== null);
  const lastFrameAtMs = condition.kind === 'recording' ? condition.lastFrameAtMs : lastFootageAtMs(id, input);
  return {
    id,
    name: config?.name ?? id,
    place: [...(config?.site ? [config.site] : []), ...(config?.tags ?? [])].join(', '),
    ...words,
    isRecording: condition.kind === 'recording',
    todo: todos.length === 0 ? null : todos.join(' '),
    lastFrame: lastFrameAtMs === null ? 'none' : `${durationWords(nowMs - lastFrameAtMs)} ago`,
    gapsToday: gapWords(id, input),
    waitingUploads: waitingWords(input.worker.uploads.get(id), input),
    segmentSec: spec?.segmentDurationSec ?? null,
    storedSegments: input.worker.uploads.get(id)?.uploadedSegments ?? 0,
    webUiUrl: input.webUi === null ? null : `${workflowsUrl(input.webUi)}/${encodeURIComponent(id)}`,
  };
}

function gapWords(id: CameraId, { time, nowMs, gapsToday, countedSinceMs }: StatusInput): string {
  const sinceMs = countedSinceMs(id);
  const isWholeDay = time.day(sinceMs) !== time.day(nowMs);
  const entries = Object.entries(gapsToday(id)).sort(([, a], [, b]) => b - a);
  const totalSec = entries.reduce((sum, [, seconds]) => sum + seconds, 0);
  const since = isWholeDay ? '' : `, counted since ${time.moment(sinceMs, nowMs)}`;
  if (totalSec < 0.5) return `none${since}`;
  const causes = entries
    .filter(([, seconds]) => seconds >= 0.5)
    .map(([cause, seconds]) => `${cause} ${durationWords(seconds * 1_000)}`);
  return `${durationWords(totalSec * 1_000)} (${causes.join(', ')})${since}`;
}

function waitingWords(uploads: UploadStatus | undefined, { time, nowMs }: StatusInput): string {
  const lost =
    uploads === undefined || uploads.lostInStore === 0
      ? ''
      : `; ${uploads.lostInStore} lost in the store and sent again`;
  if (uploads === undefined || uploads.waitingSegments === 0) return `none${lost}`;
  const oldest =
    uploads.oldestWaitingMs === null ? '' : `, oldest until ${time.moment(uploads.oldestWaitingMs, nowMs)}`;
  return `${uploads.waitingSegments} (${byteWords(uploads.waitingBytes)}${oldest})${lost}`;
}

function linkNotice(
  what: string,
  meaning: string,
  link: LinkStatus | null,
  { time, nowMs }: StatusInput,
): readonly string[] {
  if (link === null || link.isReachable || nowMs - link.sinceMs < NOTICE_AFTER_MS) return [];
  const detail = link.detail === null ? '' : ` Last try: ${link.detail}`;
  return [`${what} since ${time.moment(link.sinceMs, nowMs)}. ${meaning}${detail}`];
}

function spoolWords({ worker, time, nowMs }: StatusInput): string {
  const { spool } = worker;
  if (spool === null) return 'The spool has not been looked at yet.';
  const { sealed, uploading, quarantined } = spool.byState;
  const waiting = sealed.count + uploading.count;
  const oldest = spool.oldestUnsentMs === null ? '' : `, the oldest until ${time.moment(spool.oldestUnsentMs, nowMs)}`;
  const unsent =
    waiting === 0
      ? 'everything sealed is stored'
      : `${waiting === 1 ? '1 segment' : `${waiting} segments`} (${byteWords(sealed.bytes + uploading.bytes)}) ${waiting === 1 ? 'waits' : 'wait'} for the store${oldest}`;
  const bad =
    quarantined.count === 0
      ? ''
      : `; ${quarantined.count === 1 ? '1 file' : `${quarantined.count} files`} in quarantine`;
  return `Spool: ${byteWords(spool.freeBytes)} free of ${byteWords(spool.totalBytes)}; ${unsent}${bad}.${spoolOutlookWords(worker.spoolOutlook)}`;
}

function workflowsUrl({ url, namespace }: { readonly url: string; readonly namespace: string }): string {
  return `${url}/namespaces/${encodeURIComponent(namespace)}/workflows`;
}
