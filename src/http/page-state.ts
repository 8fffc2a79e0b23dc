import type { Clock } from '../clock.js';
import type { Config } from '../config/config.js';
import type { Recorder } from '../recorder/recorder.js';
import type { WorkerStatus } from '../workers/worker-status.js';
import { type GapsTodayState, gapsToday, NO_GAPS_YET, observeGaps } from './gaps-today.js';
import { createLocalTime, type LocalTime } from './local-time.js';
import { judgeReadiness, observeReadiness, type ReadinessAnswer, type ReadinessState } from './readiness.js';
import { type StatusView, statusView } from './status-view.js';

/** Midnight and a camera's coming and going are met this closely. */
export const OBSERVE_EVERY_MS = 1_000;

const WORKFLOWS_ONLY = {
  headline: 'This process only runs workflows; cameras are recorded by others.',
  spool: 'It has no spool.',
} as const;

export interface PageStateOptions {
  readonly config: Pick<Config, 'cameras' | 'timezone' | 'readinessPolicy' | 'temporalUiUrl' | 'temporal'>;
  /** Null in a process that only serves workflows. */
  readonly recorder: Pick<Recorder, 'conditions' | 'specs' | 'statistics'> | null;
  readonly workerStatus: () => WorkerStatus;
  /** As `StatusInput.limitNotice`; absent where there is no limit. */
  readonly limitNotice?: () => string | null;
  readonly clock: Clock;
}

/** What the page has to remember between two looks; everything else it asks when it is asked. */
export class PageState {
  readonly #options: PageStateOptions;
  readonly #time: LocalTime;
  readonly #startedAtMs: number;
  readonly #startedAtWallMs: number;
  #gaps: GapsTodayState = NO_GAPS_YET;
  #readiness: ReadinessState = new Map();

  constructor(options: PageStateOptions) {
    this.#options = options;
    this.#time = createLocalTime(options.config.timezone);
    this.#startedAtMs = options.clock.monotonicMs();
    this.#startedAtWallMs = options.clock.wallMs();
  }

  /** Call it every `OBSERVE_EVERY_MS`. */
  observe(): void {
    const { recorder, clock } = this.#options;
    if (recorder === null) return;
    this.#gaps = observeGaps(this.#gaps, this.#time.day(clock.wallMs()), recorder.statistics());
    this.#readiness = observeReadiness(this.#readiness, recorder.conditions(), clock.monotonicMs());
  }

  status(): StatusView {
    this.observe();
    const { config, recorder, workerStatus, limitNotice, clock } = this.#options;
    const view = statusView({
      nowMs: clock.wallMs(),
      time: this.#time,
      configured: recorder === null ? [] : config.cameras,
      conditions: recorder?.conditions() ?? new Map(),
      specs: recorder?.specs() ?? new Map(),
      statistics: recorder?.statistics() ?? new Map(),
      worker: workerStatus(),
      gapsToday: (camera) => gapsToday(this.#gaps, camera, this.#time.secondOfDay(clock.wallMs())),
      countedSinceMs: this.#startedAtWallMs,
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
    });
  }
}
