/** The judge of every fault, judged: each thing that must not be is planted, and must be told. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdir, open, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import type { CoverageSpan, GapClaim } from '../../src/domain/coverage.js';
import { parseCameraId, parseRecorderId, segmentIdOf, sessionIdOf } from '../../src/domain/ids.js';
import type { SealedSegment } from '../../src/domain/segment.js';
import { causesIn, complaintsOf, verdictOf } from '../support/audit/camera-verdict.js';
import { descriptorsOf, leftFiles, leftProcesses, strayDescriptors } from '../support/audit/left-behind.js';
import { doubledCameras } from '../support/audit/process-watch.js';
import { complaintsOfRuns } from '../support/audit/upload-runs.js';
import { sealedSegment } from '../support/memory-spool.js';
import type { Footage } from '../support/recorder-system.js';
import { tempDir } from '../support/temp-dir.js';
import { waitFor } from '../support/wait-for.js';

const CAMERA = parseCameraId('camera-1');
const RECORDER = parseRecorderId('recorder-1');
const T = Date.UTC(2026, 0, 2, 3, 4, 0);
const FPS = 2;
const FRAMES_A_SEGMENT = 60 * FPS;
const GAP: GapClaim = { fromMs: T + 60_000, toMs: T + 120_000, cause: 'camera-stalled', by: RECORDER };

/** Two minutes of footage with a declared minute between them: frames 0 to 119 and 240 to 359. */
function footageOf(changed: Partial<Footage> = {}): Footage {
  const [first, second] = [sealedSegment(CAMERA, RECORDER, 0, T), sealedSegment(CAMERA, RECORDER, 2, T)];
  const video = { ...first.video, frames: FRAMES_A_SEGMENT };
  const segments: readonly SealedSegment[] = [
    { ...first, video },
    { ...second, video, gapsBefore: [GAP] },
  ];
  const produced = Array.from({ length: 360 }, (_, counter) => ({
    counter,
    atMs: T + (counter * 1_000) / FPS,
    clients: 1,
  }));
  const counters = produced
    .map(({ counter }) => counter)
    .filter((counter) => counter < FRAMES_A_SEGMENT || counter >= 2 * FRAMES_A_SEGMENT);
  return { segments, gaps: [GAP], counters, produced, damaged: [], ...changed };
}

const SPANS: readonly CoverageSpan[] = [
  { kind: 'footage', fromMs: T, toMs: GAP.fromMs } as CoverageSpan,
  { kind: 'gap', ...GAP } as CoverageSpan,
  { kind: 'footage', fromMs: GAP.toMs, toMs: T + 180_000 } as CoverageSpan,
];
const withoutGap = SPANS.map((span) => (span.kind === 'gap' ? { ...span, kind: 'unexplained' } : span));
const whole = footageOf();

describe('of what is stored', () => {
  it('nothing is told when all frames are stored, or inside a declared gap', () => {
    const verdict = verdictOf(CAMERA, whole, SPANS);
    expect(complaintsOf(verdict)).toEqual([]);
    expect(verdict.audit).toMatchObject({ produced: 360, stored: 240, insideGaps: 120 });
    expect(causesIn(verdict)).toEqual(['camera-stalled']);
  });

  it.each([
    {
      what: 'a lost frame',
      footage: { counters: whole.counters.filter((c) => c !== 60) },
      told: /1 frames were lost and no gap says so, 03:04:30/,
    },
    { what: 'a doubled frame', footage: { counters: [...whole.counters, 60] }, told: /1 frames are stored twice/ },
    {
      what: 'a frame inside a declared gap',
      footage: { counters: [...whole.counters, 180] },
      told: /1 frames are stored inside declared gaps/,
    },
    { what: 'an object with other bytes', footage: { damaged: ['camera-1/a.mp4 says …'] }, told: /a\.mp4 says/ },
    {
      what: 'a segment under two keys',
      footage: { segments: [...whole.segments, ...whole.segments.slice(1)] },
      told: /under two keys/,
    },
    {
      what: 'an undeclared gap',
      footage: { gaps: [] },
      spans: withoutGap,
      told: /120 frames were lost and no gap says so/,
    },
    { what: 'a second that nothing explains', footage: {}, spans: withoutGap, told: /60\.000 s are unexplained/ },
  ])('$what is told', ({ footage, spans, told }) => {
    const verdict = verdictOf(CAMERA, footageOf(footage), (spans ?? SPANS) as readonly CoverageSpan[]);
    expect(complaintsOf(verdict)).toContainEqual(expect.stringMatching(told));
  });

  it('an edge may be half a second off, and no more', () => {
    const late = (byMs: number) => ({ ...GAP, fromMs: GAP.fromMs + byMs });
    const of = (gap: GapClaim) =>
      complaintsOf(verdictOf(CAMERA, footageOf({ gaps: [gap] }), [{ kind: 'gap', ...gap } as CoverageSpan]));
    expect(of(late(400))).toEqual([]);
    expect(of(late(600))).toHaveLength(1);
    expect(of(late(-2_000))).toHaveLength(1);
  });
});

describe('of uploads', () => {
  const id = segmentIdOf(CAMERA, sessionIdOf(T, 0), 0);

  it.each([
    { states: ['COMPLETED'], told: [] },
    { states: ['COMPLETED', 'COMPLETED'], told: [`${id}: its upload ran as COMPLETED, COMPLETED`] },
    { states: ['FAILED'], told: [`${id}: its upload ran as FAILED`] },
    { states: [], told: [`${id}: its upload ran as nothing`] },
  ])('$states: $told', ({ states, told }) => {
    expect(complaintsOfRuns(new Map([[id, states]]))).toEqual(told);
  });
});

describe('of what is left', () => {
  it('a process that works in the spool is told, and gone when it ended', async () => {
    const spoolDir = await tempDir('spool');
    const cwd = join(spoolDir, 'open', CAMERA);
    await mkdir(cwd, { recursive: true });
    const child = spawn('sleep', ['60'], { cwd });
    onTestFinished(() => void child.kill('SIGKILL'));
    const told = await waitFor(async () => (await leftProcesses(spoolDir))[0], { what: 'it', deadlineMs: 5_000 });
    expect(told).toBe(`process ${child.pid} still runs: sleep 60`);
    child.kill('SIGKILL');
    await once(child, 'close');
    expect(await leftProcesses(spoolDir)).toEqual([]);
  });

  it('half-written files, files of sessions and temporary files are told, sealed ones are not', async () => {
    const [spoolDir, temporaryDir] = [await tempDir('spool'), await tempDir('temporary')];
    const sealed = join(spoolDir, 'sealed', CAMERA);
    const session = join(spoolDir, 'open', CAMERA, 'session');
    await Promise.all([sealed, session].map(async (dir) => await mkdir(dir, { recursive: true })));
    expect(await leftFiles(spoolDir, temporaryDir)).toEqual([]);
    const left = [join(sealed, 'a.json.tmp'), join(session, 'ffmpeg.log'), join(temporaryDir, 'b')];
    for (const path of [...left, join(sealed, 'a.json')]) await writeFile(path, '');
    expect(await leftFiles(spoolDir, temporaryDir)).toEqual(left.map((path) => `file left: ${path}`));
  });

  it('a descriptor of a file that is gone is told, and counted', async () => {
    const spoolDir = await tempDir('spool');
    const before = await descriptorsOf(process.pid);
    const file = await open(join(spoolDir, 'a'), 'w');
    onTestFinished(async () => await file.close());
    expect(await descriptorsOf(process.pid)).toBe(before + 1);
    expect(await strayDescriptors([process.pid], spoolDir)).toEqual([]);
    await rm(join(spoolDir, 'a'));
    expect(await strayDescriptors([process.pid], spoolDir)).toEqual([
      `process ${process.pid} holds ${spoolDir}/a (deleted)`,
    ]);
  });

  it('two processes that record one camera are told', () => {
    const at = (pid: number, camera: string) => ({ pid, cwd: `/spool/open/${camera}/session-${pid}` });
    expect(doubledCameras('/spool', [at(1, 'camera-1'), at(2, 'camera-2')])).toEqual([]);
    expect(doubledCameras('/spool', [at(1, 'camera-1'), at(2, 'camera-1')])).toEqual([
      'camera-1: 2 processes record it at once (1, 2)',
    ]);
  });
});
