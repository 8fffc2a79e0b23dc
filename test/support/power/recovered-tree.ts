/** A recorder is started on what a power loss left, with no camera to be reached, until all that was open is sealed. */
import { crc32 } from 'node:zlib';
import { pino } from 'pino';
import { systemClock } from '../../../src/clock.js';
import type { GapClaim } from '../../../src/domain/coverage.js';
import { crc32Hex } from '../../../src/domain/crc32.js';
import type { CameraId, SegmentId } from '../../../src/domain/ids.js';
import type { KeeperClient } from '../../../src/keeper/keeper-client.js';
import { createRecorder } from '../../../src/recorder/create-recorder.js';
import { listSessions } from '../../../src/spool/session-files.js';
import type { Assignment, Spool, SpooledSegment } from '../../../src/spool/spool.js';
import { ffmpegPath, framesOf, openBenchSpool, until } from '../../recorder/bench.js';
import { collect } from '../../spool/segments.js';

export interface RecoveredTree {
  /** By camera, oldest first. */
  readonly segments: readonly SpooledSegment[];
  readonly framesOf: ReadonlyMap<SegmentId, readonly number[]>;
  readonly assignments: ReadonlyMap<CameraId, Assignment>;
  readonly quarantined: number;
  /** What went wrong on the way, and segments whose bytes are not what their sidecar says. */
  readonly complaints: readonly string[];
}

export async function recoverTree(root: string): Promise<RecoveredTree> {
  const complaints: string[] = [];
  const log = pino({ level: 'error' }, { write: (line: string) => void complaints.push(line.trim()) });
  const spool = await openBenchSpool(root, log);
  const recorder = createRecorder({
    spool,
    keeper: emptyKeeper(),
    resolveUrl: async () => undefined,
    ffmpegPath,
    clock: systemClock,
    random: Math.random,
    log,
    policies: { minFreeBytes: 0 },
  });
  await recorder.start();
  await until('all that was open is sealed', async () => (await listSessions(spool.layout)).length === 0);
  await recorder.close('detach');
  const segments = await collect(spool.list());
  const frames = new Map<SegmentId, readonly number[]>();
  for (const { segment } of segments) {
    frames.set(segment.id, await framesOf(spool, segment.id));
    complaints.push(...(await damageOf(spool, segment)));
  }
  const { byState } = await spool.usage();
  return {
    segments,
    framesOf: frames,
    assignments: new Map((await spool.assignments.list()).map((assignment) => [assignment.camera, assignment])),
    quarantined: byState.quarantined.count,
    complaints,
  };
}

/** All that explains missing footage of a camera, oldest first. */
export function claimsIn({ segments, assignments }: RecoveredTree, camera: CameraId): readonly GapClaim[] {
  const carried = segments
    .filter(({ segment }) => segment.camera === camera)
    .flatMap(({ segment }) => segment.gapsBefore);
  return [...carried, ...(assignments.get(camera)?.openClaims ?? [])];
}

async function damageOf(
  spool: Spool,
  { id, sizeBytes, crc32Hex: wanted }: SpooledSegment['segment'],
): Promise<readonly string[]> {
  const source = await spool.read(id);
  const bytes = Buffer.alloc(sizeBytes);
  await source.read(bytes, 0);
  await source.close();
  return crc32Hex(crc32(bytes)) === wanted ? [] : [`${id} is not the bytes its sidecar says`];
}

function emptyKeeper(): KeeperClient {
  return {
    spawn: async () => await Promise.reject(new Error('nothing is started here')),
    signal: async () => false,
    list: async () => [],
    onExited: () => undefined,
    onLeave: () => undefined,
    supervision: () => null,
    ready: () => undefined,
    disconnected: new AbortController().signal,
    close: () => undefined,
  };
}
