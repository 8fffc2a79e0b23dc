import type { Clock } from '../clock.js';
import type { Config } from '../config/config.js';
import type { CameraId } from '../domain/ids.js';
import { createLocalTime, type LocalTime } from '../domain/local-time.js';
import type { CameraStatistics, Recorder } from '../recorder/recorder.js';
import type { WorkerStatus } from '../workers/worker-status.js';
import { GapsToday, knownSince, type ToldSegment } from './gaps-today.js';
import { judgeReadiness, observeReadiness, type ReadinessAnswer, type ReadinessState } from './readiness.js';
import { type StatusView, statusView } from './status-view.js';
import { supervisionNotices } from './supervision-notices.js';

/** Midnight and a camera's coming and going are met this closely. */
export const OBSERVE_EVERY_MS = 1_000;

const WORKFLOWS_ONLY = {
  headline: 'This process only runs workflows; cameras are recorded by others.',
  spool: 'It has no spool.',
} as const;

interface PageStateOptions {
  readonly config: Pick<Config, 'cameras' | 'timezone' | 'readinessPolicy' | 'temporalUiUrl' | 'temporal'>;
  /** Null in a process that only serves workflows. */
  readonly recorder: Pick<Recorder, 'conditions' | 'specs' | 'statistics' | 'onSealed'> | null;
  readonly workerStatus: () => WorkerStatus;
  /** As `StatusInput.limitNotice`; absent where there is no limit. */
  readonly limitNotice?: () => string | null;
  readonly clock: Clock;
}

/** What of a `Spool` is asked. */
export interface EarlierToday {
  list(): AsyncIterable<{ readonly segment: ToldSegment }>;
  readonly assignments: {
    list(): Promise<readonly { readonly camera: CameraId; readonly lastEndedAtMs: number | null }[]>;
  };
}

/** What the page has to remember between two looks; everything else it asks when it is asked. */
export class PageState {
  readonly #options: PageStateOptions;
  readonly #time: LocalTime;
  readonly #startedAtMs: number;
  readonly #gaps: GapsToday;
  #day: { readonly name: string; readonly fromMs: number } = { name: '', fromMs: 0 };
  #readiness: ReadinessState = new Map();

  constructor(options: PageStateOptions) {
    this.#options = options;
    this.#time = createLocalTime(options.config.timezone);
    this.#startedAtMs = options.clock.monotonicMs();
    this.#gaps = new GapsToday(options.clock.wallMs());
    options.recorder?.onSealed((segment) => this.#gaps.sealed(segment));
  }

  /** What is on disk of earlier today. Recording waits for none of it. Rejects with the spool's own errors. */
  async lookBack(spool: EarlierToday): Promise<void> {
    // First: what is sealed meanwhile is then no hole before the end that they know.
    const assignments = await spool.assignments.list();
    const found = new Map<CameraId, ToldSegment[]>();
    for await (const { segment } of spool.list()) {
      this.#gaps.sealed(segment);
      const ofCamera = found.get(segment.camera) ?? [];
      ofCamera.push(segment);
      found.set(segment.camera, ofCamera);
    }
    for (const { camera, lastEndedAtMs } of assignments) {
      if (lastEndedAtMs !== null) this.#gaps.knownSince(camera, knownSince(found.get(camera) ?? [], lastEndedAtMs));
    }
  }

  /** Call it every `OBSERVE_EVERY_MS`. */
  observe(): void {
    const { recorder, clock } = this.#options;
    if (recorder === null) return;
    this.#followDay(clock.wallMs());
    this.#readiness = observeReadiness(this.#readiness, recorder.conditions(), clock.monotonicMs());
  }

  #followDay(nowMs: number): void {
    const name = this.#time.day(nowMs);
    if (name === this.#day.name) return;
    this.#day = { name, fromMs: this.#time.startOfDay(nowMs) };
    this.#gaps.forgetBefore(this.#day.fromMs);
  }

  status(): StatusView {
    this.observe();
    const { config, recorder, workerStatus, limitNotice, clock } = this.#options;
    const nowMs = clock.wallMs();
    const statistics: ReadonlyMap<CameraId, CameraStatistics> = recorder?.statistics() ?? new Map();
    const today = { fromMs: this.#day.fromMs, toMs: nowMs };
    const view = statusView({
      nowMs,
      time: this.#time,
      configured: recorder === null ? [] : config.cameras,
      conditions: recorder?.conditions() ?? new Map(),
      specs: recorder?.specs() ?? new Map(),
      statistics,
      worker: workerStatus(),
      gapsToday: (camera) => this.#gaps.of(camera, statistics.get(camera)?.claimsToCome ?? [], today),
      countedSinceMs: (camera) => this.#gaps.countedSinceMs(camera),
      limitNotice: limitNotice?.() ?? null,
      webUi:
        config.temporalUiUrl === null
          ? null
          : { url: config.temporalUiUrl, namespace: config.temporal?.namespace ?? 'default' },
    });
    return recorder === null ? { ...view, ...WORKFLOWS_ONLY } : view;
  }

  readiness(): ReadinessAnswer {
    this.observe();
    const { config, recorder, workerStatus, clock } = this.#options;
    return judgeReadiness({
      policy: config.readinessPolicy,
      state: this.#readiness,
      conditions: recorder?.conditions() ?? new Map(),
      declined: workerStatus().declined,
      expected: recorder === null ? [] : config.cameras.map(({ id }) => id),
      nowMs: clock.monotonicMs(),
      upForMs: clock.monotonicMs() - this.#startedAtMs,
      notices: supervisionNotices(workerStatus().supervision),
    });
  }
}
