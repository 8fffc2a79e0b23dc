import fc from 'fast-check';
import { expect, test } from 'vitest';
import { GAP_CAUSES } from '../../src/domain/coverage.js';
import { parseRecorderId } from '../../src/domain/ids.js';
import {
  claimsToCome,
  claimsUntil,
  EMPTY_LEDGER,
  endedElsewhere,
  footageBegan,
  footageSealed,
  type GapLedger,
  ledgerFrom,
  noteCause,
} from '../../src/recorder/gap-ledger.js';

const me = parseRecorderId('box');
const ended = (atMs: number): GapLedger => ({ ...EMPTY_LEDGER, lastEndedAtMs: atMs });

test('before the first footage there is no gap', () => {
  expect(claimsUntil(noteCause(EMPTY_LEDGER, 'camera-unreachable', 5), 100, me)).toEqual([]);
});

test('a cause explains the time before it was noticed, and holds until the next', () => {
  const ledger = noteCause(noteCause(ended(100), 'camera-stalled', 104), 'camera-unreachable', 110);
  expect(footageSealed(ledger, { fromMs: 150, toMs: 200 }, me)).toEqual({
    claims: [
      { cause: 'camera-stalled', fromMs: 100, toMs: 110, by: me },
      { cause: 'camera-unreachable', fromMs: 110, toMs: 150, by: me },
    ],
    ledger: { ...ended(200), isGapOpen: true },
  });
});

test('footage that touches its predecessor carries no claim', () => {
  expect(footageSealed(ended(100), { fromMs: 100, toMs: 200 }, me).claims).toEqual([]);
});

test('footage that overlaps (the clock was set back) carries none and does not pull the end back', () => {
  expect(footageSealed(ended(100), { fromMs: 40, toMs: 90 }, me)).toEqual({ claims: [], ledger: ended(100) });
});

test('the same cause after new footage is another gap, although that footage is not sealed yet', () => {
  const before = footageBegan(noteCause(ended(100), 'stream-ended', 104));
  const ledger = noteCause(before, 'stream-ended', 201);
  const { ledger: sealed, claims } = footageSealed(ledger, { fromMs: 120, toMs: 205 }, me);
  expect(claims).toEqual([{ cause: 'stream-ended', fromMs: 100, toMs: 120, by: me }]);
  expect(claimsUntil(sealed, 230, me)).toEqual([{ cause: 'stream-ended', fromMs: 205, toMs: 230, by: me }]);
});

test('what was noted before footage that is sealed late explains nothing after it', () => {
  const ledger = noteCause(ended(100), 'camera-stalled', 104);
  const sealed = footageSealed(ledger, { fromMs: 120, toMs: 200 }, me).ledger;
  expect(claimsUntil(noteCause(sealed, 'stream-ended', 201), 230, me)).toEqual([
    { cause: 'stream-ended', fromMs: 200, toMs: 230, by: me },
  ]);
});

test('a gap that nobody noted is our own restart', () => {
  expect(claimsUntil(ended(100), 130, me)).toEqual([{ cause: 'recorder-restarted', fromMs: 100, toMs: 130, by: me }]);
});

test('time that is missing because the clock was set forward is called so', () => {
  const { claims } = footageSealed(ended(100), { fromMs: 5_100, toMs: 9_000 }, me, 'clock-stepped');
  expect(claims).toEqual([{ cause: 'clock-stepped', fromMs: 100, toMs: 5_100, by: me }]);
});

test('journaled claims come back as they were, and time goes on after them', () => {
  const before = noteCause(noteCause(ended(100), 'camera-stalled', 104), 'camera-unreachable', 110);
  const journal = { lastEndedAtMs: before.lastEndedAtMs, openClaims: claimsUntil(before, 120, me) };
  const after = noteCause(ledgerFrom(journal), 'recorder-restarted', 120);
  expect(claimsUntil(after, 150, me).map(({ cause, toMs }) => [cause, toMs])).toEqual([
    ['camera-stalled', 110],
    ['camera-unreachable', 120],
    ['recorder-restarted', 150],
  ]);
});

test('footage of another recorder moves the end forward, never back', () => {
  expect(endedElsewhere(ended(100), 150).lastEndedAtMs).toBe(150);
  expect(endedElsewhere(ended(100), 50).lastEndedAtMs).toBe(100);
});

test('claims are at most 8, touch, are merged by cause and fill the gap exactly, whatever was noted', () => {
  const notes = fc.array(fc.record({ cause: fc.constantFrom(...GAP_CAUSES), afterMs: fc.nat(5_000) }), {
    maxLength: 60,
  });
  fc.assert(
    fc.property(notes, fc.integer({ min: 1, max: 100_000 }), (noted, lengthMs) => {
      let atMs = 1_000;
      let ledger = ended(1_000);
      for (const { cause, afterMs } of noted) {
        atMs += afterMs;
        ledger = noteCause(ledger, cause, atMs);
      }
      const claims = claimsUntil(ledger, 1_000 + lengthMs, me);
      expect(claims.length).toBeGreaterThan(0);
      expect(claims.length).toBeLessThanOrEqual(8);
      expect(claims[0]?.fromMs).toBe(1_000);
      expect(claims.at(-1)?.toMs).toBe(1_000 + lengthMs);
      for (const [position, claim] of claims.entries()) {
        expect(claim.toMs).toBeGreaterThan(claim.fromMs);
        if (position === 0) continue;
        expect(claim.fromMs).toBe(claims[position - 1]?.toMs);
        expect(claim.cause).not.toBe(claims[position - 1]?.cause);
      }
    }),
  );
});

test('claims to come are those of footage that is on its way, and of the gap that is open after it', () => {
  let ledger = noteCause(ended(1_000), 'camera-stalled', 1_100);
  ledger = noteCause(footageBegan(ledger), 'stream-ended', 5_000);
  const unsealed = [{ fromMs: 3_000, toMs: 4_900 }];
  expect(claimsToCome(ledger, { unsealed, openUntilMs: 6_000 }, me)).toEqual([
    { cause: 'camera-stalled', fromMs: 1_000, toMs: 3_000, by: me },
    { cause: 'stream-ended', fromMs: 4_900, toMs: 6_000, by: me },
  ]);
  expect(claimsToCome(ledger, { unsealed, openUntilMs: null }, me)).toHaveLength(1);
});
