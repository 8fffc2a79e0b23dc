import fc from 'fast-check';
import { pino } from 'pino';
import { expect, it } from 'vitest';
import type { CameraCondition } from '../../src/domain/camera.js';
import { type CoverageSpan, GAP_CAUSES, type GapCause } from '../../src/domain/coverage.js';
import { parseCameraId } from '../../src/domain/ids.js';
import { MemoryStore } from '../../src/object-store/memory.js';
import { settledBefore } from '../../src/playback/settled.js';
import { readTimeline } from '../../src/playback/timeline.js';
import { claimsUntil, EMPTY_LEDGER, footageBegan, footageSealed, noteCause } from '../../src/recorder/gap-ledger.js';
import { redact } from '../../src/redact.js';
import { GapObjects } from '../../src/workers/gap-objects.js';
import { at, RECORDER, segment, store } from '../playback/story.js';
import { FakeRecorder, recordingNow } from '../support/fake-recorder.js';
import { MemorySpool } from '../support/memory-spool.js';
import { SPEC } from '../support/worker-harness.js';

const camera = parseCameraId('camera-1');
const MINUTE_MS = 60_000;
const SLOT_SEC = 900;
/** The last frame ends before its session is known to have ended. */
const JOURNALED_AFTER_MS = 1_000;
const STARTED_MS = at('20:00');
const soon = (): AbortSignal => AbortSignal.timeout(10_000);

/** One stretch of a camera's life: it records, or does not for a reason; its recorder may be started anew meanwhile. */
type Stretch = { readonly minutes: number; readonly cause: GapCause | null; readonly restarts: boolean };

/** A recorder as the supervisor and the ledger make it, minute by minute. */
class Life {
  readonly bucket = new MemoryStore();
  readonly spool = new MemorySpool(RECORDER);
  readonly #recorder = new FakeRecorder();
  readonly unexplained: CoverageSpan[] = [];
  nowMs = STARTED_MS;
  #ledger = EMPTY_LEDGER;
  #beganMs: number | null = null;
  #loop = this.#started();

  async live({ minutes, cause, restarts }: Stretch): Promise<void> {
    if (cause === null && this.#beganMs === null) {
      this.#ledger = footageBegan(this.#ledger);
      this.#beganMs = this.nowMs;
    }
    if (cause !== null) {
      await this.#seal();
      this.#ledger = noteCause(this.#ledger, cause, this.nowMs);
      await this.#journal();
    }
    this.#recorder.recording.set(camera, cause === null ? recordingNow() : downBy(cause, this.nowMs));
    if (restarts) this.#loop = this.#started();
    for (let minute = 0; minute < minutes; minute += 1) await this.#minute();
  }

  /** Older than two slots, by the bucket alone. */
  async #settled(): Promise<readonly CoverageSpan[]> {
    const toMs = settledBefore(this.nowMs, SLOT_SEC, 0);
    if (toMs <= STARTED_MS) return [];
    const range = { fromMs: STARTED_MS, toMs };
    return (await readTimeline(camera, range, { store: this.bucket, nowMs: this.nowMs }, soon())).spans;
  }

  async #minute(): Promise<void> {
    await this.#loop.pass(soon());
    this.nowMs += MINUTE_MS;
    if (this.nowMs % (SLOT_SEC * 1_000) !== 0) return;
    // Now one slot more must be told of, and the segment that ends here is not there yet.
    this.unexplained.push(...(await this.#settled()).filter(({ kind }) => kind === 'unexplained'));
    if (this.#beganMs === null) return;
    await this.#seal();
    this.#beganMs = this.nowMs;
  }

  async #seal(): Promise<void> {
    const fromMs = this.#beganMs;
    this.#beganMs = null;
    if (fromMs === null || fromMs === this.nowMs) return;
    const footage = { fromMs, toMs: this.nowMs };
    const { claims, ledger } = footageSealed(this.#ledger, footage, RECORDER);
    this.#ledger = ledger;
    const [from, to] = [fromMs, this.nowMs].map((atMs) => new Date(atMs).toISOString());
    await store(this.bucket, [segment(camera, from ?? '', to ?? '', claims)]);
    await this.#journal();
  }

  async #journal(): Promise<void> {
    const { causes, lastEndedAtMs } = this.#ledger;
    await this.spool.assignments.save({
      schema: 1,
      camera,
      spec: { ...SPEC, segmentDurationSec: SLOT_SEC },
      desired: 'record',
      stopCause: null,
      lastEndedAtMs,
      notBeforeMs: null,
      openClaims: causes.length === 0 ? [] : claimsUntil(this.#ledger, this.nowMs + JOURNALED_AFTER_MS, RECORDER),
      taskToken: null,
      updatedAtMs: this.nowMs,
    });
  }

  #started(): GapObjects {
    const clock = { wallMs: () => this.nowMs };
    const log = pino({ level: 'silent' });
    return new GapObjects({ spool: this.spool, recorder: this.#recorder, store: this.bucket, clock, log });
  }
}

function downBy(cause: GapCause, sinceMs: number): CameraCondition {
  return { kind: 'down', cause, sinceMs, retryAtMs: sinceMs, detail: redact('down') };
}

const life = fc.array(
  fc.record({
    minutes: fc.oneof(fc.integer({ min: 1, max: 14 }), fc.integer({ min: 15, max: 120 })),
    cause: fc.option(fc.constantFrom(...GAP_CAUSES.filter((cause) => cause !== 'moved' && cause !== 'removed'))),
    restarts: fc.boolean(),
  }),
  { minLength: 1, maxLength: 8 },
);

it('whatever happens to a camera that recorded once, nothing older than two slots is unexplained, at any time', async () => {
  let gapObjects = 0;
  await fc.assert(
    fc.asyncProperty(life, async (stretches) => {
      const lived = new Life();
      await lived.live({ minutes: 7, cause: null, restarts: false });
      for (const stretch of stretches) {
        await lived.live(stretch);
        expect(lived.unexplained).toEqual([]);
      }
      for await (const { key } of lived.bucket.list(`${camera}/`, soon())) if (key.endsWith('.json')) gapObjects += 1;
    }),
    { numRuns: 60 },
  );
  expect(gapObjects).toBeGreaterThan(60);
});
