/** What a power loss cost, and what of it must not be. */
import { isDeepStrictEqual } from 'node:util';
import type { SegmentId } from '../../../src/domain/ids.js';
import { auditFrames } from '../../../src/simulator/audit.js';
import type { KeptMoment, RecordedCamera, RecordedRun } from './recorded-run.js';
import { claimsIn, type RecoveredTree } from './recovered-tree.js';

export interface PowerVerdict {
  /** Video that is neither in the spool nor was let go, milliseconds; of the camera that lost most. */
  readonly lostMs: number;
  /** `<camera> <counter>` of all frames that are. */
  readonly kept: ReadonlySet<string>;
  readonly complaints: readonly string[];
}

/** One camera from its first recorded frame to the moment. */
interface Account {
  readonly camera: RecordedCamera;
  readonly produced: RecordedCamera['produced'];
  readonly stored: readonly number[];
  readonly atMs: number;
}

/** Pure. */
export function verdictOn(tree: RecoveredTree, moment: KeptMoment, run: RecordedRun): PowerVerdict {
  const accounts = run.cameras.map((camera) => accountOf(camera, tree, moment, run));
  const quarantined = tree.quarantined === 0 ? [] : [`${tree.quarantined} files are in quarantine`];
  return {
    lostMs: Math.max(...accounts.map(lostMsOf)),
    kept: new Set(accounts.flatMap(({ camera, stored }) => stored.map((counter) => `${camera.id} ${counter}`))),
    complaints: [
      ...tree.complaints,
      ...quarantined,
      ...brokenPromises(tree, moment),
      ...accounts.flatMap((account) => silentIn(account, tree)),
    ],
  };
}

/** Frames of a camera's segments that were let go before the moment, and are gone. */
export function framesLetGo(
  camera: RecordedCamera,
  isThere: (id: SegmentId) => boolean,
  { promised }: KeptMoment,
  run: RecordedRun,
): readonly number[] {
  const gone = promised.letGo.filter((id) => id.startsWith(`${camera.id}_`) && !isThere(id));
  return gone.flatMap((id) => run.framesOf.get(id) ?? []);
}

function accountOf(camera: RecordedCamera, tree: RecoveredTree, moment: KeptMoment, run: RecordedRun): Account {
  const mine = tree.segments.map(({ segment }) => segment).filter((segment) => segment.camera === camera.id);
  const isThere = (id: SegmentId): boolean => mine.some((segment) => segment.id === id);
  const here = mine.flatMap(({ id }) => tree.framesOf.get(id) ?? []);
  return {
    camera,
    atMs: moment.atMs,
    produced: camera.produced.filter(({ counter, atMs }) => counter >= camera.firstFrame && atMs <= moment.atMs),
    stored: [...here, ...framesLetGo(camera, isThere, moment, run)],
  };
}

function lostMsOf({ produced, stored }: Account): number {
  const isStored = new Set(stored);
  const lost = produced.filter(({ counter }) => !isStored.has(counter)).length;
  const [first, last] = [produced.at(0)?.atMs ?? 0, produced.at(-1)?.atMs ?? 0];
  return (lost * (last - first)) / Math.max(1, produced.length - 1);
}

/** INV-1 and 2. */
function brokenPromises({ segments }: RecoveredTree, { promised }: KeptMoment): readonly string[] {
  const found = new Map(segments.map((spooled) => [spooled.segment.id, spooled]));
  const isLetGo = new Set(promised.letGo);
  const complaints = found.size === segments.length ? [] : ['a segment is there twice'];
  for (const segment of promised.sealed.filter(({ id }) => !isLetGo.has(id))) {
    const now = found.get(segment.id)?.segment;
    if (now === undefined) complaints.push(`${segment.id} was sealed and is not there`);
    else if (!isDeepStrictEqual(now, segment)) complaints.push(`${segment.id} is not as it was sealed`);
  }
  for (const id of promised.stored.filter((one) => !isLetGo.has(one) && found.get(one)?.kind !== 'stored')) {
    complaints.push(`${id} had its receipt, and is ${found.get(id)?.kind}`);
  }
  for (const id of promised.checkpointed.filter((one) => found.get(one)?.kind === 'sealed')) {
    complaints.push(`${id} had its checkpoint, and is not being uploaded`);
  }
  return complaints;
}

/** INV-8. What was lost before there was any footage is told by the clock's slots, not by claims. */
function silentIn({ camera, produced, stored, atMs }: Account, tree: RecoveredTree): readonly string[] {
  if (stored.length === 0) return [];
  const gaps = claimsIn(tree, camera.id);
  const audit = auditFrames({ produced, stored, gaps, range: { fromMs: 0, toMs: atMs } });
  const assignment = tree.assignments.get(camera.id);
  const claim = assignment?.openClaims[0];
  const isOpen = claim?.cause === 'recorder-restarted' && claim.fromMs === assignment?.lastEndedAtMs;
  return [
    ...(isOpen ? [] : [`the gap is ${JSON.stringify(claim)}, and footage ends at ${assignment?.lastEndedAtMs}`]),
    ...counted(audit.missing, 'frames were lost and no gap says so'),
    ...counted(audit.doubled, 'frames are there twice'),
    ...counted(audit.deniedByGaps, 'frames are inside declared gaps'),
  ].map((complaint) => `${camera.id}: ${complaint}`);
}

function counted(frames: readonly number[], what: string): readonly string[] {
  return frames.length === 0 ? [] : [`${frames.length} ${what}`];
}
