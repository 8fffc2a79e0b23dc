/**
 * Both ends may be of different versions for the length of an upgrade, so messages are parsed, and what is not known is ignored.
 * Written by hand: the keeper depends on nothing but Node.
 */
import { type CameraId, parseCameraId, parseSessionId, type SessionId } from '../domain/ids.js';
import type { Supervision, WorkerMemory } from '../domain/supervision.js';
import type { FfmpegProcess, KeeperEvent, KeeperRequest } from './protocol.js';

type Fields = Readonly<Record<string, unknown>>;

/** `undefined` for anything that is not a request this version knows. Never throws. */
export function parseKeeperRequest(message: unknown): KeeperRequest | undefined {
  return parsed(message, requestOf);
}

/** `undefined` for anything that is not an event this version knows. Never throws. */
export function parseKeeperEvent(message: unknown): KeeperEvent | undefined {
  return parsed(message, eventOf);
}

function parsed<T>(message: unknown, parse: (fields: Fields) => T | undefined): T | undefined {
  if (!isFields(message)) return undefined;
  try {
    return parse(message);
  } catch (error) {
    // Not swallowed: "not a message we know" is the value this function is asked for.
    if (error instanceof TypeError || (error instanceof Error && 'code' in error)) return undefined;
    throw error;
  }
}

function requestOf(fields: Fields): KeeperRequest | undefined {
  switch (fields['kind']) {
    case 'alive':
      return { kind: 'alive' };
    case 'ready':
      return { kind: 'ready' };
    case 'list':
      return { kind: 'list', id: number(fields, 'id') };
    case 'heard':
      return { kind: 'heard', session: session(fields) };
    case 'signal':
      return { kind: 'signal', id: number(fields, 'id'), session: session(fields), signal: stopSignal(fields) };
    case 'spawn':
      return {
        kind: 'spawn',
        id: number(fields, 'id'),
        session: session(fields),
        camera: camera(fields),
        argv: texts(fields, 'argv'),
        ffconcat: text(fields, 'ffconcat'),
        cwd: text(fields, 'cwd'),
      };
    default:
      return undefined;
  }
}

function eventOf(fields: Fields): KeeperEvent | undefined {
  switch (fields['kind']) {
    case 'spawned':
      return { kind: 'spawned', id: number(fields, 'id'), process: ffmpegProcess(fields['process']) };
    case 'spawn-failed':
      return {
        kind: 'spawn-failed',
        id: number(fields, 'id'),
        code: text(fields, 'code'),
        message: text(fields, 'message'),
      };
    case 'signalled':
      return { kind: 'signalled', id: number(fields, 'id'), delivered: fields['delivered'] === true };
    case 'listed':
      return { kind: 'listed', id: number(fields, 'id'), processes: list(fields, 'processes').map(ffmpegProcess) };
    case 'exited':
      return { kind: 'exited', session: session(fields), code: exitCode(fields), signal: exitSignal(fields) };
    case 'leave':
      return { kind: 'leave', mode: fields['mode'] === 'detach' ? 'detach' : 'stop' };
    case 'supervision':
      return { kind: 'supervision', supervision: supervision(fields['supervision']) };
    default:
      return undefined;
  }
}

function supervision(value: unknown): Supervision {
  if (!isFields(value)) throw new TypeError('not a supervision');
  const starts = value['starts'];
  if (!isFields(starts)) throw new TypeError('no starts');
  return {
    starts: {
      first: number(starts, 'first'),
      upgrade: number(starts, 'upgrade'),
      memory: number(starts, 'memory'),
      hung: number(starts, 'hung'),
      crashed: number(starts, 'crashed'),
    },
    recentFailures: number(value, 'recentFailures'),
    memory: value['memory'] === null ? null : workerMemory(value['memory']),
  };
}

function workerMemory(value: unknown): WorkerMemory {
  if (!isFields(value)) throw new TypeError('not a memory');
  return {
    limitBytes: number(value, 'limitBytes'),
    allowedBytes: number(value, 'allowedBytes'),
    usedBytes: number(value, 'usedBytes'),
    isTooLow: value['isTooLow'] === true,
  };
}

function ffmpegProcess(value: unknown): FfmpegProcess {
  if (!isFields(value)) throw new TypeError('not a process');
  return {
    session: session(value),
    camera: camera(value),
    pid: number(value, 'pid'),
    startedAtMs: number(value, 'startedAtMs'),
  };
}

function session(fields: Fields): SessionId {
  return parseSessionId(text(fields, 'session'));
}

function camera(fields: Fields): CameraId {
  return parseCameraId(text(fields, 'camera'));
}

function stopSignal(fields: Fields): 'SIGTERM' | 'SIGKILL' {
  const signal = fields['signal'];
  if (signal !== 'SIGTERM' && signal !== 'SIGKILL') throw new TypeError('not a signal we send');
  return signal;
}

function exitCode(fields: Fields): number | null {
  return fields['code'] === null ? null : number(fields, 'code');
}

function exitSignal(fields: Fields): string | null {
  return fields['signal'] === null ? null : text(fields, 'signal');
}

function number(fields: Fields, name: string): number {
  const value = fields[name];
  if (typeof value !== 'number' || !Number.isFinite(value)) throw new TypeError(`${name} is not a number`);
  return value;
}

function text(fields: Fields, name: string): string {
  const value = fields[name];
  if (typeof value !== 'string') throw new TypeError(`${name} is not a text`);
  return value;
}

function texts(fields: Fields, name: string): readonly string[] {
  const values = list(fields, name);
  if (!values.every((value) => typeof value === 'string')) throw new TypeError(`${name} is not a list of texts`);
  return values;
}

function list(fields: Fields, name: string): readonly unknown[] {
  const value = fields[name];
  if (!Array.isArray(value)) throw new TypeError(`${name} is not a list`);
  return value;
}

function isFields(value: unknown): value is Fields {
  return typeof value === 'object' && value !== null;
}
