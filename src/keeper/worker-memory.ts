import type { WorkerMemory } from '../domain/supervision.js';
import { startsWithin } from './restart-limits.js';

interface MemoryUse {
  readonly limitBytes: number;
  readonly workerBytes: number;
  /** The keeper and every FFmpeg, which share the limit and are never given up. */
  readonly othersBytes: number;
}

/** When a worker is replaced for its memory, and how often at most. */
export interface MemoryLimits {
  /** Of what the others leave. The rest is for what the worker grows by between two looks and while it leaves, and for its successor's check. */
  readonly share: number;
  /** So many replacements within so long; what grows again sooner is no leak but a limit that is too low. */
  readonly replacements: { readonly starts: number; readonly withinMs: number };
  readonly lookEveryMs: number;
  /** A worker is left alone for so long once it serves: until then it starts recordings, and its successor would start them later. */
  readonly notBeforeMs: number;
}

/** A look each two seconds reads a few files of /proc; a worker that leaks is replaced twice in ten minutes at most. */
export const DEFAULT_MEMORY_LIMITS: MemoryLimits = {
  share: 0.8,
  replacements: { starts: 2, withinMs: 600_000 },
  lookEveryMs: 2_000,
  notBeforeMs: 5_000,
};

interface MemoryVerdict {
  readonly kind: 'enough' | 'replace' | 'too-low';
  readonly memory: WorkerMemory;
}

/** Pure. `replacedAtMs`: when workers were replaced for their memory, `nowMs` by the same clock. */
export function judgeMemory(
  use: MemoryUse,
  limits: Pick<MemoryLimits, 'share' | 'replacements'>,
  replacedAtMs: readonly number[],
  nowMs: number,
): MemoryVerdict {
  const allowedBytes = Math.floor(limits.share * Math.max(0, use.limitBytes - use.othersBytes));
  const memory = { limitBytes: use.limitBytes, allowedBytes, usedBytes: use.workerBytes, isTooLow: false };
  if (use.workerBytes <= allowedBytes) return { kind: 'enough', memory };
  const { starts } = limits.replacements;
  if (startsWithin(limits.replacements, replacedAtMs, nowMs) < starts) return { kind: 'replace', memory };
  return { kind: 'too-low', memory: { ...memory, isTooLow: true } };
}
