/** What a recorder does for the bucket as a whole, beside its own uploads: day records, how full it is, retention when Temporal asks. */
import { createRetentionActivities } from '../activities/retention.js';
import type { RetentionActivities } from '../workflows/contract.js';
import { BucketWatch } from './bucket-watch.js';
import { DayRecords } from './day-records.js';
import type { Link } from './link.js';
import type { LoopOptions } from './loop.js';
import { RetentionLedger } from './retention-ledger.js';
import type { TemporalSession } from './temporal/connection.js';
import type { CommonOptions, RecordingOptions } from './worker-options.js';
import type { WorkerStatus } from './worker-status.js';

/** One for the life of a worker that records. */
export class BucketCare {
  readonly #options: CommonOptions & RecordingOptions;
  readonly #link: Link;
  readonly #dayRecords: DayRecords;
  readonly #watch: BucketWatch;
  readonly #ledger = new RetentionLedger();

  /** `link`: a store that does not answer is not asked more. */
  constructor(options: CommonOptions & RecordingOptions, link: Link) {
    this.#options = options;
    this.#link = link;
    this.#dayRecords = new DayRecords(options);
    this.#watch = new BucketWatch(options);
  }

  start(loop: (name: string, everyMs: number, pass: LoopOptions['pass']) => void): void {
    const { policies } = this.#options;
    const whenReachable =
      (pass: (signal: AbortSignal) => Promise<void>): LoopOptions['pass'] =>
      async (signal) =>
        this.#link.status().isReachable ? await pass(signal) : 'skipped';
    loop(
      'bucket',
      policies.bucketWatchEveryMs,
      whenReachable(async (signal) => await this.#watch.pass(signal)),
    );
    loop(
      'day records',
      policies.dayRecordsEveryMs,
      whenReachable(async (signal) => await this.#dayRecords.pass(signal)),
    );
  }

  status(): Pick<WorkerStatus, 'wrongDays' | 'bucket' | 'retention'> {
    return { wrongDays: this.#dayRecords.wrong, bucket: this.#watch.outlook, retention: this.#ledger.retention };
  }

  /** For the queue that all recorders share. */
  activities(session: TemporalSession): RetentionActivities {
    const { store, clock, log, policies, retention, configuredCameras } = this.#options;
    return createRetentionActivities({
      store,
      clock,
      log,
      policies: retention,
      configuredCameras: configuredCameras.map(({ id }) => id),
      namespaceId: session.namespaceId,
      reportForMs: policies.reportForMs,
      heartbeatEveryMs: policies.heartbeatEveryMs,
      slowRetryMs: policies.slowRetryMs,
      observer: this.#ledger,
    });
  }
}

/** Of a worker that asks no store. */
export const NO_BUCKET: ReturnType<BucketCare['status']> = { wrongDays: new Map(), bucket: null, retention: new Map() };
