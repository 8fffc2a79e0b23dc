import { describe, expect, it } from 'vitest';
import {
  fullSpoolNotices,
  type SpoolLook,
  spoolOutlook,
  spoolOutlookWords,
  withLook,
} from '../../src/domain/spool-outlook.js';

const MINUTE_MS = 60_000;
const GB = 1e9;

const look = (minute: number, waitingGb: number, storedGb: number, droppedGb = 0): SpoolLook => ({
  atMs: minute * MINUTE_MS,
  waitingBytes: waitingGb * GB,
  storedBytes: storedGb * GB,
  droppedBytes: droppedGb * GB,
});
const now = { usableBytes: 9 * GB, oldestWaitsMs: 60 * MINUTE_MS };

describe('the outlook of the spool', () => {
  it.each([
    ['nothing is told of the first minutes', [look(0, 0, 0), look(9, 1, 0)], null],
    ['a store that is away', [look(0, 1, 0), look(60, 4, 0)], { ratio: 0, fullInMs: 180 * MINUTE_MS }],
    ['a line that is too slow', [look(0, 1, 5), look(60, 4, 6)], { ratio: 0.25, fullInMs: 180 * MINUTE_MS }],
    ['a backlog that drains', [look(0, 9, 0), look(60, 5, 8)], { ratio: 2, fullInMs: null }],
    ['nothing was recorded', [look(0, 9, 0), look(60, 1, 8)], { ratio: null, fullInMs: null }],
    [
      'what was dropped was recorded, too',
      [look(0, 4, 0), look(60, 4, 1, 3)],
      { ratio: 0.25, fullInMs: 180 * MINUTE_MS },
    ],
  ])('%s', (_, looks, expected) => {
    const outlook = spoolOutlook(looks, now);
    if (expected === null) expect(outlook).toBeNull();
    else expect(outlook).toMatchObject(expected);
  });

  it('says nothing of full while the oldest has just been sealed: one waits after every cut', () => {
    const looks = [look(0, 0, 0), look(15, 1, 0)];
    expect(spoolOutlook(looks, { ...now, oldestWaitsMs: MINUTE_MS })?.fullInMs).toBeNull();
  });

  it('is of the last hour', () => {
    const looks = [0, 30, 60, 90, 120].reduce<readonly SpoolLook[]>(
      (known, minute) => withLook(known, look(minute, minute, 0)),
      [],
    );
    expect(looks.map(({ atMs }) => atMs / MINUTE_MS)).toEqual([60, 90, 120]);
  });
});

describe('its words', () => {
  const outlook = spoolOutlook([look(0, 1, 5), look(60, 4, 6)], now);

  it('say how much of what was recorded went to the store, and when the spool is full', () => {
    expect(spoolOutlookWords(outlook)).toBe(
      ' In the last 60 min 1.0 GB of 4.0 GB recorded went to the store (25 %). It is full in about 3 h 0 min.',
    );
    expect(spoolOutlookWords(null)).toBe('');
  });

  it('are a notice when it is full within a day', () => {
    expect(fullSpoolNotices(outlook)).toEqual([
      'The spool is full in about 3 h 0 min. Uploads do not keep up with what is recorded: find out why, or give the spool more room.',
    ]);
    expect(fullSpoolNotices(spoolOutlook([look(0, 1, 5), look(60, 4, 6)], { ...now, usableBytes: 90 * GB }))).toEqual(
      [],
    );
    expect(fullSpoolNotices(spoolOutlook([look(0, 1, 5), look(60, 4, 6)], { ...now, usableBytes: -1 }))[0]).toContain(
      'The spool is full. ',
    );
  });
});
