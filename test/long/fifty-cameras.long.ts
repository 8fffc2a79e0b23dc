/** As many cameras as a recorder takes unless told otherwise, at once on one box: no frame is lost, and what each costs is printed. */
import { cpus, loadavg } from 'node:os';
import { setTimeout as delay } from 'node:timers/promises';
import { expect, it } from 'vitest';
import { type Cost, costOf } from '../../bench/process-cost.js';
import { afterFile } from '../support/after-file.js';
import { complaintsOf, judge, type Verdict } from '../support/audit/camera-verdict.js';
import { leftFiles, leftProcesses } from '../support/audit/left-behind.js';
import { startSystem } from '../support/recorder-system.js';
import { table } from './chaos/result-table.js';
import { type Lag, lagOf, startIdleLoop } from './event-loop-lag.js';
import { medianOf } from './trials.js';

/** `MINUTES=1` for fewer. */
const minutes = Number(process.env['MINUTES'] ?? '5');
const CAMERAS = 50;
/** All of them are cut in the same second, and sealed and uploaded 15 times as often as with the product's 15 minutes. */
const SEGMENT_SEC = 60;
/** As long as a segment, so that each holds the cut of every camera. */
const WINDOW_MS = 60_000;
const LAG_P99_AT_MOST_MS = 100;
const RECORDING_MS = 180_000;
const STORED_MS = 180_000;
const MB = 1e6;

/** Of the processes that record. */
interface Costs {
  readonly keeper: Cost;
  readonly worker: Cost;
  readonly ffmpegs: Cost;
}

it(`${CAMERAS} cameras are recorded for ${minutes} minutes, and no frame is lost`, async () => {
  const cameras = Array.from({ length: CAMERAS }, () => ({}));
  const system = await startSystem({ register: afterFile, cameras, segmentSec: SEGMENT_SEC });
  await system.recording(RECORDING_MS);
  const { recorder } = system;
  const pids = { keeper: [recorder.keeper.pid ?? 0], worker: [recorder.workerPid() ?? 0] };
  const ffmpegs = recorder.ffmpegPids();
  const idle = startIdleLoop(afterFile);
  await Promise.all([lagOf(system), idle.lag()]);
  const [fromMs, idleBefore, before] = [Date.now(), machineTimes(), await costsOf({ ...pids, ffmpegs })];
  const [lags, idleLags, loads]: [Lag[], Lag[], number[]] = [[], [], []];
  while (Date.now() - fromMs < minutes * 60_000) {
    await delay(WINDOW_MS);
    lags.push(await lagOf(system));
    idleLags.push(await idle.lag());
    loads.push(loadavg()[0] ?? Number.NaN);
  }
  const [toMs, idleAfter, after] = [Date.now(), machineTimes(), await costsOf({ ...pids, ffmpegs })];
  const ffmpegsAfter = recorder.ffmpegPids();
  for (const id of system.ids) await system.storedUntil(id, toMs, STORED_MS);
  const code = await recorder.stop();
  const left = [...(await leftProcesses(system.spoolDir)), ...(await leftFiles(system.spoolDir, system.temporaryDir))];
  const verdicts: Verdict[] = [];
  for (const index of system.ids.keys()) verdicts.push(await judge(system, index));

  const busy = 1 - (idleAfter.idleMs - idleBefore.idleMs) / (idleAfter.allMs - idleBefore.allMs);
  const lines = [
    `${((toMs - fromMs) / 1_000).toFixed(0)} s; load ${loads.map((load) => load.toFixed(1)).join(', ')}`,
    `the machine's ${cpus().length} cores, everything counted: ${(busy * 100).toFixed(0)} % busy`,
    '',
    ...frameTable(verdicts),
    '',
    ...costTable(before, after, toMs - fromMs),
    '',
    ...lagTable(lags, idleLags),
  ];
  process.stdout.write(`\n${lines.join('\n')}\n\n`);
  expect({ code, left }).toEqual({ code: 0, left: [] });
  expect(new Set(ffmpegsAfter)).toEqual(new Set(ffmpegs));
  expect(verdicts.flatMap(complaintsOf)).toEqual([]);
  expect(verdicts.filter(({ audit }) => audit.insideGaps > 0).map(({ camera }) => camera)).toEqual([]);
  expect(Math.max(...lags.map(({ p99Ms }) => p99Ms))).toBeLessThanOrEqual(LAG_P99_AT_MOST_MS);
});

async function costsOf(pids: Readonly<Record<keyof Costs, readonly number[]>>): Promise<Costs> {
  const [keeper, worker] = [await costOf(pids.keeper), await costOf(pids.worker)];
  return { keeper, worker, ffmpegs: await costOf(pids.ffmpegs) };
}

function machineTimes(): { readonly idleMs: number; readonly allMs: number } {
  const times = cpus().map(({ times }) => times);
  return {
    idleMs: times.reduce((sum, { idle }) => sum + idle, 0),
    allMs: times.reduce((sum, { user, nice, sys, idle, irq }) => sum + user + nice + sys + idle + irq, 0),
  };
}

function frameTable(verdicts: readonly Verdict[]): readonly string[] {
  const sum = (of: (verdict: Verdict) => number): string =>
    String(verdicts.reduce((total, verdict) => total + of(verdict), 0));
  return table([
    ['cameras', 'frames', 'stored', 'in gaps', 'lost', 'twice', 'segments', 'unexplained s'],
    [
      String(verdicts.length),
      sum(({ audit }) => audit.produced),
      sum(({ audit }) => audit.stored),
      sum(({ audit }) => audit.insideGaps),
      sum(({ audit }) => audit.missing.length),
      sum(({ audit }) => audit.doubled.length),
      sum(({ segments }) => segments.length),
      sum(({ unexplainedSec }) => unexplainedSec),
    ],
  ]);
}

/** CPU is of one core, over the whole time; memory is at its end. */
function costTable(before: Costs, after: Costs, elapsedMs: number): readonly string[] {
  const rows = (['keeper', 'worker', 'ffmpegs'] as const).map((name) => {
    const cpuPercent = ((after[name].cpuMs - before[name].cpuMs) / elapsedMs) * 100;
    return { name: name as string, values: [cpuPercent, after[name].rssBytes / MB, after[name].pssBytes / MB] };
  });
  const sums = [0, 1, 2].map((column) => rows.reduce((sum, { values }) => sum + (values[column] ?? Number.NaN), 0));
  const all = [
    ...rows,
    { name: 'together', values: sums },
    { name: 'per camera', values: sums.map((sum) => sum / CAMERAS) },
  ];
  const head = ['', 'CPU % of a core', 'RSS MB', 'PSS MB'];
  return table([head, ...all.map(({ name, values }) => [name, ...values.map((value) => value.toFixed(1))])]);
}

function lagTable(lags: readonly Lag[], idleLags: readonly Lag[]): readonly string[] {
  const rows = (['p50Ms', 'p99Ms', 'maxMs'] as const).map((name) => {
    const figures = [lags, idleLags].flatMap((some) => {
      const values = some.map((lag) => lag[name]);
      return [medianOf(values), Math.max(...values)];
    });
    return [name, ...figures.map((value) => value.toFixed(1))];
  });
  return table([['event loops, windows of a minute', 'worker: median', 'worst', 'idle: median', 'worst'], ...rows]);
}
