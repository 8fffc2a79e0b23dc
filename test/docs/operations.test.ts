import { readFileSync } from 'node:fs';
import { Registry } from 'prom-client';
import { describe, expect, it } from 'vitest';
import { PLAIN_SETTINGS, SECRET_SETTINGS } from '../../src/config/setting-names.js';
import { declineTexts } from '../../src/domain/declines.js';
import { failureTexts } from '../../src/domain/failures.js';
import { gapCauseTexts } from '../../src/domain/gap-causes.js';
import { refusalTexts } from '../../src/domain/refusals.js';
import { createStoreMetrics } from '../../src/object-store/metrics.js';
import { registerRecorderMetrics } from '../../src/recorder/metrics.js';
import { registerSpoolMetrics } from '../../src/spool/metrics.js';
import { registerWorkerMetrics } from '../../src/workers/metrics.js';
import { policiesOf } from '../../src/workflows/policies.js';

const page = readFileSync(new URL('../../docs/operations.md', import.meta.url), 'utf8');

describe('the operations page', () => {
  it.each(Object.entries(gapCauseTexts))(
    'says of the gap cause %s what the program says',
    (cause, { owner, what, todo }) => {
      expect(page).toContain(`| \`${cause}\` | ${owner} | ${what} | ${todo} |`);
    },
  );

  it.each(Object.entries(refusalTexts))('says of the refusal %s what the program says', (outcome, { what, todo }) => {
    expect(page).toContain(`| \`${outcome}\` | ${what} | ${todo} |`);
  });

  it.each(Object.entries(declineTexts))('says of the decline %s what the program says', (decline, { what, todo }) => {
    expect(page).toContain(`| \`${decline}\` | ${what} | ${todo} |`);
  });

  it.each(Object.entries(failureTexts))('says of the failure %s what the program says', (code, { retry, what }) => {
    expect(page).toContain(`| \`${code}\` | ${retry} | ${what} |`);
  });

  it('explains every metric of our own', async () => {
    const registry = new Registry();
    createStoreMetrics(registry);
    registerSpoolMetrics(registry, () => null);
    registerRecorderMetrics(registry, { conditions: () => new Map(), statistics: () => new Map() });
    registerWorkerMetrics(registry, () => ({
      temporal: { isReachable: true, sinceMs: 0, detail: null },
      store: { isReachable: true, sinceMs: 0, detail: null },
      uploadsInFlight: 0,
      backgroundFailures: new Map(),
      declined: new Map(),
      wrongDays: new Map(),
      retention: new Map(),
      bucket: null,
      damaged: [],
      uploads: new Map(),
      spool: null,
      spoolOutlook: null,
      supervision: null,
    }));
    const names = (await registry.getMetricsAsJSON()).map(({ name }) => name);
    expect(names.length).toBeGreaterThan(15);
    expect(names.filter((name) => !page.includes(`\`${name}\``))).toEqual([]);
  });

  it('says how old the figures of the spool may be', () => {
    expect(page).toContain(`as the last scan found it, every ${policiesOf().scanEveryMs / 1_000} s |`);
  });

  it.each([...PLAIN_SETTINGS, ...SECRET_SETTINGS])('explains the setting %s', (name) => {
    expect(page).toMatch(new RegExp(`^\\| [^|]*\`${name}\``, 'm'));
  });
});
