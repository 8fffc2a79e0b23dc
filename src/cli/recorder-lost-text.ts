import type { RecorderId } from '../domain/ids.js';
import { createLocalTime } from '../domain/local-time.js';
import type { TimeRange } from '../domain/time-range.js';
import type { LostCamera } from '../workers/declare-lost.js';
import { lengthWords } from './coverage-text.js';

/** What would be declared: a row a gap, the sums, and where each camera is. Pure. */
export function lossText(recorder: RecorderId, cameras: readonly LostCamera[], timezone: string): string {
  const rows = cameras.flatMap((camera) => camera.times.map((time) => rowOf(camera, time, timezone)));
  const table = rows.length === 0 ? [] : ['', ...columns([['camera', `from (${timezone})`, 'to', 'length'], ...rows])];
  const waiting = cameras.reduce((sum, { owed }) => sum + owed.filter(({ isWaiting }) => isWaiting).length, 0);
  const lines = [
    ...table,
    ...(table.length === 0 ? [] : ['']),
    `${lengthWords(missingMs(cameras))} will be declared missing, cause recorder-lost; ${uploadWords(waiting)} end as lost.`,
    ...cameras.map((camera) => whereWords(recorder, camera)),
  ];
  return `${lines.join('\n')}\n`;
}

/** Whether there is anything to declare or to end. */
export function hasLoss(cameras: readonly LostCamera[]): boolean {
  return cameras.some(({ times, owed }) => times.length > 0 || owed.some(({ isWaiting }) => isWaiting));
}

/** `1 upload`, `3 uploads`. */
export function uploadWords(count: number): string {
  return count === 1 ? '1 upload' : `${count} uploads`;
}

/** Why a recorder that asked for work lately is not declared lost. */
export function aliveText(recorder: RecorderId, heardAgoMs: number, aliveForMs: number): string {
  const waitSec = Math.ceil((aliveForMs - heardAgoMs) / 1_000);
  return (
    `Recorder ${recorder} asked Temporal for work ${lengthWords(heardAgoMs)} ago, so it may be alive: nothing was declared. ` +
    `If it is gone, say so again in ${waitSec} s; if it is not, stop it first.`
  );
}

/** What to do about an id that Temporal does not know. */
export function unknownText(recorder: RecorderId, known: readonly string[]): string {
  const others =
    known.length === 0 ? 'No camera has a recorder.' : `Recorders that have a camera: ${known.join(', ')}.`;
  return `Temporal knows nothing of a recorder ${recorder}. ${others}`;
}

function rowOf({ camera }: LostCamera, { fromMs, toMs }: TimeRange, timezone: string): readonly string[] {
  const local = createLocalTime(timezone);
  const [from, to] = [fromMs, toMs].map((atMs) => `${local.day(atMs)} ${local.clock(atMs)}`);
  return [camera, from ?? '', to ?? '', lengthWords(toMs - fromMs)];
}

function columns(rows: readonly (readonly string[])[]): readonly string[] {
  const widths = [0, 1, 2].map((column) => Math.max(...rows.map((row) => row[column]?.length ?? 0)));
  return rows.map((row) => row.map((cell, column) => cell.padEnd(widths[column] ?? 0)).join('  '));
}

function missingMs(cameras: readonly LostCamera[]): number {
  return cameras.flatMap(({ times }) => times).reduce((sum, { fromMs, toMs }) => sum + toMs - fromMs, 0);
}

function whereWords(recorder: RecorderId, { camera, status }: LostCamera): string {
  if (status === null) return `${camera}: its workflow does not say where it is.`;
  if (status.condition.kind === 'removed') return `${camera}: stopped.`;
  if (status.desired === 'pause') return `${camera}: paused.`;
  if (status.recorder === recorder)
    return `${camera}: no other recorder has taken it yet; one that can does by itself.`;
  return `${camera}: ${status.condition.kind} on ${status.recorder ?? 'no recorder'}.`;
}
