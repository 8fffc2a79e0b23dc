import { describe, expect, it } from 'vitest';
import { type Edit, trackStartOf } from '../../src/mp4/edit-list.js';

const empty = (durationTicks: number): Edit => ({ durationTicks, mediaTimeTicks: -1 });
const shown = (mediaTimeTicks: number): Edit => ({ durationTicks: 0, mediaTimeTicks });

/** What the recorder writes, in ticks of a movie of 1000 a second, and where a track of 15360 a second then starts. */
const rows: readonly { what: string; edits: readonly Edit[]; first?: number; start: number; mediaTime: number }[] = [
  { what: 'no edit list', edits: [], start: 0, mediaTime: 0 },
  { what: 'shown from the start', edits: [shown(0)], start: 0, mediaTime: 0 },
  { what: 'delayed by 128 ms', edits: [empty(128), shown(0)], start: 1966, mediaTime: 0 },
  { what: 'joined between keyframes', edits: [empty(1861), shown(0)], start: 28585, mediaTime: 0 },
  { what: 'B-frames', edits: [shown(2048)], start: 0, mediaTime: 2048 },
  { what: 'B-frames and delayed', edits: [empty(133), shown(2048)], start: 2043, mediaTime: 2048 },
  { what: 'delayed in two steps', edits: [empty(100), empty(28), shown(0)], start: 1966, mediaTime: 0 },
  { what: 'only an empty edit', edits: [empty(128)], start: 1966, mediaTime: 0 },
  { what: 'a clock that starts late', edits: [shown(0)], first: 500, start: 500, mediaTime: 0 },
  { what: 'a clock that starts late, cut at its start', edits: [shown(500)], first: 500, start: 0, mediaTime: 0 },
  { what: 'a clock that starts late, cut later', edits: [shown(700)], first: 500, start: 0, mediaTime: 200 },
];

describe('the start of a track', () => {
  it.each(rows)('$what', ({ edits, first = 0, start, mediaTime }) => {
    expect(trackStartOf(edits, { movieTimescale: 1000, timescale: 15360, firstDtsTicks: first })).toEqual({
      startTicks: start,
      mediaTimeTicks: mediaTime,
    });
  });

  it.each([
    { what: 'two real edits', edits: [shown(0), shown(100)] },
    { what: 'an empty edit after the real one', edits: [shown(0), empty(100)] },
  ])('$what cannot be said', ({ edits }) => {
    const start = () => trackStartOf(edits, { movieTimescale: 1000, timescale: 15360, firstDtsTicks: 0 });
    expect(start).toThrow(expect.objectContaining({ code: 'unsupported-edit' }));
  });
});
