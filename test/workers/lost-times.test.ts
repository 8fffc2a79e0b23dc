import { describe, expect, it } from 'vitest';
import { coverageOf, type GapCause, type GapClaim } from '../../src/domain/coverage.js';
import { MOST_GAP_CLAIMS } from '../../src/domain/gap-object.js';
import { parseCameraId, parseRecorderId, parseSegmentId } from '../../src/domain/ids.js';
import type { TimeRange } from '../../src/domain/time-range.js';
import { type KnownTimes, lostObjects, lostTimes, mergedObject } from '../../src/workers/lost-times.js';

const lost = parseRecorderId('lost');
const camera = parseCameraId('camera-1');
const at = (fromMs: number, toMs: number): TimeRange => ({ fromMs, toMs });
const claim = (fromMs: number, toMs: number, cause: GapCause = 'recorder-lost'): GapClaim => ({
  fromMs,
  toMs,
  cause,
  by: lost,
});

/** Footage and claims of 0…1000; nothing else is known. */
function known(footage: readonly TimeRange[], claims: readonly TimeRange[] = [], beganAtMs: number | null = null) {
  const range = at(0, 1_000);
  const segment = parseSegmentId('camera-1_20251214T013002Z-7f3a_0000');
  const stored = footage.map((one) => ({ ...one, segment, where: 'store' as const }));
  const spans = coverageOf(
    range,
    stored,
    claims.map(({ fromMs, toMs }) => claim(fromMs, toMs, 'moved')),
  );
  return { range, spans, beganAtMs } satisfies KnownTimes;
}

describe('missing for good is', () => {
  it.each<readonly [string, readonly TimeRange[], KnownTimes, readonly TimeRange[]]>([
    ['a segment between two that are stored', [at(200, 300)], known([at(0, 200), at(300, 1_000)]), [at(200, 300)]],
    ['also the gap before it, whose claims it carried', [at(250, 300)], known([at(0, 200)]), [at(200, 300)]],
    ['and the gap between two of them', [at(200, 300), at(400, 500)], known([at(0, 200)]), [at(200, 500)]],
    ['not what follows it', [at(200, 300)], known([at(0, 200)]), [at(200, 300)]],
    ['not what is stored after all', [at(200, 300)], known([at(0, 300)]), []],
    ['not what has its cause', [at(200, 400)], known([at(0, 200)], [at(300, 1_000)]), [at(200, 300)]],
    ['nothing a second time', [at(200, 300)], known([at(0, 200)], [at(200, 300)]), []],
    [
      'one on each side of what another recorder stored',
      [at(200, 300), at(600, 700)],
      known([at(0, 200), at(300, 600)]),
      [at(200, 300), at(600, 700)],
    ],
    ['not another hole', [at(600, 700)], known([at(0, 200), at(300, 600)]), [at(600, 700)]],
    [
      'from the first of them, when nothing is known before',
      [at(200, 300)],
      known([at(300, 900)], [], 300),
      [at(200, 300)],
    ],
    ['all of it, when the bucket is empty', [at(200, 300), at(300, 400)], known([], [], 1_000), [at(200, 400)]],
    ['nothing, when nothing is owed', [], known([at(0, 200)]), []],
  ])('%s', (_, owed, told, missing) => {
    expect(lostTimes(owed, told)).toEqual(missing);
  });
});

describe('the objects that say so', () => {
  const of = { camera, recorder: lost, slotMs: 100 };

  it('are one a clock slot, each with the part of it', () => {
    expect(lostObjects([at(150, 320)], of)).toEqual([
      { schema: 1, camera, recorder: lost, ...at(100, 200), claims: [claim(150, 200)] },
      { schema: 1, camera, recorder: lost, ...at(200, 300), claims: [claim(200, 300)] },
      { schema: 1, camera, recorder: lost, ...at(300, 400), claims: [claim(300, 320)] },
    ]);
  });

  it('name two stretches of one slot apart, and too many as one', () => {
    const [two] = lostObjects([at(10, 20), at(30, 40)], of);
    expect(two?.claims).toEqual([claim(10, 20), claim(30, 40)]);
    const many = Array.from({ length: MOST_GAP_CLAIMS + 1 }, (_, index) => at(index * 10, index * 10 + 5));
    expect(lostObjects(many, of).map(({ claims }) => claims)).toEqual([[claim(0, 85)]]);
  });

  it('keep what was told of the slot, and are the same when told again', () => {
    const [fresh] = lostObjects([at(50, 100)], of);
    if (fresh === undefined) throw new Error('one slot has one object');
    const old = { ...fresh, claims: [claim(0, 50, 'moved')] };
    const merged = mergedObject(old, fresh);
    expect(merged.claims).toEqual([claim(0, 50, 'moved'), claim(50, 100)]);
    expect(mergedObject(merged, fresh)).toEqual(merged);
  });

  it('never hold more than an object may: the shortest old claims go', () => {
    const [fresh] = lostObjects([at(80, 85), at(90, 100)], of);
    if (fresh === undefined) throw new Error('one slot has one object');
    const claims = Array.from({ length: MOST_GAP_CLAIMS }, (_, index) =>
      claim(index * 9, index * 9 + 1 + index, 'moved'),
    );
    const merged = mergedObject({ ...fresh, claims }, fresh);
    expect(merged.claims).toHaveLength(MOST_GAP_CLAIMS);
    expect(merged.claims).toContainEqual(claim(80, 100));
    expect(merged.claims).not.toContainEqual(claims[0]);
  });
});
