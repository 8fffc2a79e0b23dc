import { expect, test } from 'vitest';
import { memoryIn, memoryLimitBytes, memoryOf } from '../../src/keeper/process-memory.js';
import { DEFAULT_MEMORY_LIMITS, judgeMemory } from '../../src/keeper/worker-memory.js';

const MIB = 1_024 ** 2;
const limits = { share: 0.8, replacements: { starts: 2, withinMs: 1_000 } };
/** 512 MiB, of which keeper and recordings use 112: four fifths of the rest are 320. */
const use = { limitBytes: 512 * MIB, othersBytes: 112 * MIB };

test.each([
  { what: 'up to four fifths of what the others leave', workerMib: 320, replacedAtMs: [], kind: 'enough' },
  { what: 'more than that', workerMib: 321, replacedAtMs: [], kind: 'replace' },
  { what: 'more, replaced once a moment ago', workerMib: 321, replacedAtMs: [9_500], kind: 'replace' },
  { what: 'more, replaced twice a moment ago', workerMib: 321, replacedAtMs: [9_001, 9_500], kind: 'too-low' },
  { what: 'more, replaced twice, once long ago', workerMib: 321, replacedAtMs: [9_000, 9_500], kind: 'replace' },
  { what: 'enough, replaced twice a moment ago', workerMib: 320, replacedAtMs: [9_001, 9_500], kind: 'enough' },
])('a worker that uses $what: $kind', ({ workerMib, replacedAtMs, kind }) => {
  const verdict = judgeMemory({ ...use, workerBytes: workerMib * MIB }, limits, replacedAtMs, 10_000);
  expect(verdict).toEqual({
    kind,
    memory: {
      limitBytes: 512 * MIB,
      allowedBytes: 320 * MIB,
      usedBytes: workerMib * MIB,
      isTooLow: kind === 'too-low',
    },
  });
});

test('nothing is left for the worker where the recordings alone need more than the limit', () => {
  const { kind, memory } = judgeMemory({ limitBytes: 1, othersBytes: 2, workerBytes: 1 }, limits, [], 0);
  expect([kind, memory.allowedBytes]).toEqual(['replace', 0]);
});

test('by default a worker is replaced for its memory at most twice in ten minutes', () => {
  const verdicts: string[] = [];
  const replacedAtMs: number[] = [];
  for (let nowMs = 0; nowMs < 600_000; nowMs += DEFAULT_MEMORY_LIMITS.lookEveryMs) {
    const { kind } = judgeMemory({ ...use, workerBytes: 512 * MIB }, DEFAULT_MEMORY_LIMITS, replacedAtMs, nowMs);
    if (kind === 'replace') replacedAtMs.push(nowMs);
    verdicts.push(kind);
  }
  expect(verdicts.filter((kind) => kind === 'replace')).toHaveLength(2);
  expect(verdicts).not.toContain('enough');
});

test.each([
  {
    what: 'anonymous and shared memory, and no pages of files',
    status: 'VmRSS:\t   70 kB\nRssAnon:\t   40 kB\nRssFile:\t   20 kB\nRssShmem:\t   10 kB\n',
    bytes: 50 * 1_024,
  },
  { what: 'nothing of a zombie, which has none', status: 'State:\tZ (zombie)\n', bytes: undefined },
])('of a process counts $what', ({ status, bytes }) => {
  expect(memoryIn(status)).toBe(bytes);
});

test('of a process that is there something is read, of one that is not nothing', () => {
  expect(memoryOf(process.pid)).toBeGreaterThan(10 * MIB);
  expect(memoryOf(2 ** 30)).toBeUndefined();
});

test.each([
  { what: 'what the group allows', given: null, group: 300, bytes: 300 },
  { what: 'what was set, where that is less', given: 200, group: 300, bytes: 200 },
  { what: 'what the group allows, where that is less', given: 400, group: 300, bytes: 300 },
  { what: 'what was set, where the group has no limit (0)', given: 200, group: 0, bytes: 200 },
  { what: 'nothing, where the group allows more than there is', given: null, group: 2 ** 64, bytes: null },
  { what: 'nothing, where Node does not know', given: null, group: undefined, bytes: null },
])('the limit is $what', ({ given, group, bytes }) => {
  expect(memoryLimitBytes(given, group, 1_000)).toBe(bytes);
});
