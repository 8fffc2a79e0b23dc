import { beforeAll, describe, expect, it } from 'vitest';
import { afterFile } from '../support/after-file.js';
import { type RecorderSystem, startSystem } from '../support/recorder-system.js';
import { waitFor } from '../support/wait-for.js';

/** 16 each: more than 30 cuts over two cameras in 80 s. */
const SEGMENT_SEC = 5;
const CUTS_EACH = 16;

describe('two cameras recorded into a real bucket', () => {
  let system: RecorderSystem;

  beforeAll(async () => {
    system = await startSystem({
      register: afterFile,
      cameras: [{}, {}],
      segmentSec: SEGMENT_SEC,
    });
  });

  it('lose and double no frame over thirty cuts', { timeout: 180_000 }, async () => {
    await system.recording();
    for (const id of system.ids) {
      await waitFor(async () => (await system.stored(id)).length > CUTS_EACH, {
        what: `${CUTS_EACH + 1} objects of ${id}`,
        deadlineMs: 150_000,
        pollMs: 1_000,
      });
    }
    let cuts = 0;
    for (const index of [0, 1]) {
      const report = await system.audit(index);
      expect(report.missing).toEqual([]);
      expect(report.doubled).toEqual([]);
      expect(report.gaps).toEqual([]);
      expect(report.stored).toBe(report.produced);
      cuts += report.segments - 1;
    }
    expect(cuts).toBeGreaterThanOrEqual(30);
  });

  it('are stored under the promised keys, sealed with a header in front', async () => {
    const [camera] = system.ids;
    const stored = await system.stored(camera as never);
    for (const [index, { key, segment }] of stored.entries()) {
      expect(key).toMatch(/^camera-1\/\d{8}\/\d\d-\d\d-\d\d_camera-1\.mp4$/);
      expect(segment.container).toBe('header-in-front');
      if (index > 0) expect(new Date(segment.nominalStartMs).getUTCSeconds() % SEGMENT_SEC).toBe(0);
    }
  });
});
