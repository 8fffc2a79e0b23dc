/** A camera's recorder is lost, another one takes it, the lost one comes back: the story, its figures, and the counting. */
import type { CoverageSpan } from '../../src/domain/coverage.js';
import type { CameraId, RecorderId } from '../../src/domain/ids.js';
import { readTimeline } from '../../src/playback/timeline.js';
import { type AuditReport, auditFrames } from '../../src/simulator/audit.js';
import { type Footage, type RecorderSystem, segmentsWithCounters } from './recorder-system.js';
import type { Fleet, FleetRecorder } from './two-recorders.js';
import { waitFor } from './wait-for.js';

export interface Move {
  /** From the kill until the other one's page says that it records. */
  readonly recordingAgainMs: number;
  /** How long the camera served both of them, after the return of the lost one. */
  readonly sharedMs: number;
  readonly killedAtMs: number;
}

export interface MoveBounds {
  readonly recordingAgainMs: number;
  /** Until the camera's workflow says so. */
  readonly shownMs: number;
}

const LETS_GO = 'stopped a recording that nobody wants here';

/** The one that has the camera is killed and comes back once the other one is shown recording. Rejects when something takes too long. */
export async function moveByKilling(
  fleet: Fleet,
  camera: CameraId,
  recorders: { readonly lost: FleetRecorder; readonly other: FleetRecorder },
  bounds: MoveBounds,
): Promise<Move> {
  const { lost, other } = recorders;
  const otherId = await other.id();
  const killedAtMs = Date.now();
  await lost.kill();
  await waitFor(async () => await other.records(camera), {
    what: 'the other recorder to record',
    deadlineMs: bounds.recordingAgainMs,
    pollMs: 50,
  });
  const recordingAgainMs = Date.now() - killedAtMs;
  await waitFor(async () => isRecordingOn(await fleet.status(camera), otherId), {
    what: 'the workflow to say who records',
    deadlineMs: bounds.shownMs,
    pollMs: 100,
  });
  return { killedAtMs, recordingAgainMs, sharedMs: await comeBack(fleet, lost, camera) };
}

function isRecordingOn(status: Awaited<ReturnType<Fleet['status']>>, recorder: RecorderId): boolean {
  return status.recorder === recorder && status.condition.kind === 'recording';
}

/** Resolves when it has let the camera go, to how long the camera served both. */
async function comeBack(fleet: Fleet, lost: FleetRecorder, camera: CameraId): Promise<number> {
  const simulated = fleet.system.cameras[fleet.system.ids.indexOf(camera)];
  let served = { fromMs: 0, toMs: 0 };
  const look = (): void => {
    if ((simulated?.connections.length ?? 0) < 2) return;
    served = { fromMs: served.fromMs === 0 ? Date.now() : served.fromMs, toMs: Date.now() };
  };
  lost.start();
  await waitFor(
    () => {
      look();
      return lost.process.output().includes(LETS_GO) && simulated?.connections.length === 1;
    },
    { what: 'it to come back and let go', deadlineMs: 30_000 },
  );
  if (lost.ffmpegPid(camera) !== undefined) throw new Error('it says that it lets go, and does not');
  return served.toMs - served.fromMs;
}

export interface MovedAudit extends Omit<AuditReport, 'doubled'> {
  /** Frames that one and the same recorder stored twice. */
  readonly doubledByOne: readonly number[];
  readonly gaps: readonly Extract<CoverageSpan, { readonly kind: 'gap' }>[];
  readonly unexplainedMs: number;
}

/** From the bucket alone, from the camera's first segment to its last. Two recorders may have had it at the same time. */
export async function auditMoved(system: RecorderSystem, index: number): Promise<MovedAudit> {
  const footage = await system.footage(index);
  const [camera, fromMs] = [system.ids[index], footage.segments[0]?.fromMs];
  if (camera === undefined || fromMs === undefined) throw new Error(`nothing of camera ${index} is stored`);
  const toMs = Math.max(...footage.segments.map((segment) => segment.toMs));
  const asked = { store: system.store, nowMs: Date.now() };
  const { spans } = await readTimeline(camera, { fromMs, toMs }, asked, AbortSignal.timeout(60_000));
  const gaps = spans.filter((span) => span.kind === 'gap');
  const range = { fromMs: 0, toMs: Number.MAX_SAFE_INTEGER };
  const { doubled: _, ...audit } = auditFrames({
    produced: footage.produced,
    stored: footage.counters,
    gaps,
    range,
  });
  const unexplained = spans.filter(({ kind }) => kind === 'unexplained');
  return {
    ...audit,
    doubledByOne: doubledByOne(footage),
    gaps,
    unexplainedMs: unexplained.reduce((sum, span) => sum + span.toMs - span.fromMs, 0),
  };
}

function doubledByOne(footage: Footage): readonly number[] {
  const seen = new Map<RecorderId, Set<number>>();
  return segmentsWithCounters(footage).flatMap(({ segment: { recorder }, counters }) => {
    const known = seen.get(recorder) ?? new Set();
    seen.set(recorder, known);
    return counters.filter((counter) => known.has(counter) || !known.add(counter));
  });
}
