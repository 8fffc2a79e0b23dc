/**
 * The worker: what `camera-recorder worker --role …` runs.
 *
 * 1. Recording starts first and waits for nobody; Temporal is connected in the background, for as long as it takes (INV-4).
 * 2. A fatal error of Temporal's worker is reported by `failed`; the caller ends the process, and recording goes on in the keeper.
 * 3. Stopping always ends: every step has its deadline, and a step that hangs does not keep the next from being tried. Together they
 *    take less than the keeper waits, and FFmpeg waits for none of them: a stopped recorder records nothing more.
 */
import { hostname } from 'node:os';
import type { Worker } from '@temporalio/worker';
import { NO_BUCKET } from './bucket-care.js';
import { ensureCameraWorkflows } from './camera-workflows.js';
import { createAll } from './create-workers.js';
import { within } from './deadline.js';
import { errorText } from './error-text.js';
import { createLink, type Link } from './link.js';
import { type Loop, startLoop } from './loop.js';
import { STOP_DEADLINES, type StopDeadlines, WORKER_POLICIES } from './policies.js';
import { recorderWorkerMakers } from './recorder-worker.js';
import { RecordingSide } from './recording-side.js';
import { ensureRetentionSchedule } from './retention-schedule.js';
import { takeOver } from './takeover.js';
import { connectForever, type TemporalSession } from './temporal/connection.js';
import { installRuntime } from './temporal/runtime.js';
import { ensureSearchAttributes } from './temporal/search-attributes.js';
import type { CommonOptions, RecordingOptions, StartWorkerOptions, WorkflowOptions } from './worker-options.js';
import type { WorkerStatus } from './worker-status.js';
import { createWorkflowWorker } from './workflow-worker.js';

export { policiesOf } from '../workflows/contract.js';
export type { StartWorkerOptions } from './worker-options.js';

/** What the process holds of its worker; the page is served from `status`. */
export interface RunningWorker {
  /** Cheap: no I/O. */
  status(): WorkerStatus;
  /** `stop`: every FFmpeg ends and everything is sealed. `detach`: recordings go on in the keeper. Idempotent; always resolves, within 55 s and 14 s. */
  stop(mode: 'stop' | 'detach'): Promise<void>;
  /** Resolves when Temporal's worker ended for good; the process should end then. Never rejects, never resolves after `stop`. */
  readonly failed: Promise<Error>;
  /** Temporal's own metrics, in Prometheus' text format. */
  readonly coreMetricsUrl: string | null;
}

/** Resolves as soon as recording has begun. @throws what `recorder.start()` throws. */
export async function startWorker(options: StartWorkerOptions): Promise<RunningWorker> {
  const { coreMetricsUrl } = installRuntime(options);
  const service = new WorkerService(options, coreMetricsUrl);
  await service.start();
  return service;
}

class WorkerService implements RunningWorker {
  readonly coreMetricsUrl: string | null;
  readonly failed: Promise<Error>;
  readonly #options: StartWorkerOptions;
  readonly #recording: (CommonOptions & RecordingOptions) | null;
  readonly #workflows: WorkflowOptions | null;
  readonly #side: RecordingSide | null;
  readonly #temporal: Link;
  readonly #stopping = new AbortController();
  #fail: (error: Error) => void = () => undefined;
  #session: TemporalSession | null = null;
  #workers: readonly Worker[] = [];
  #runs: readonly Promise<void>[] = [];
  #watching: Loop | null = null;
  #serving: Promise<void> = Promise.resolve();
  #stopped: Promise<void> | null = null;

  constructor(options: StartWorkerOptions, coreMetricsUrl: string | null) {
    this.#options = options;
    this.#recording = options.role === 'workflows' ? null : options;
    this.#workflows = options.role === 'recorder' ? null : options;
    this.#temporal = createLink('temporal', options.clock, options.log);
    this.#side = this.#recording === null ? null : new RecordingSide(this.#recording, this.#temporal);
    this.coreMetricsUrl = coreMetricsUrl;
    this.failed = new Promise((resolve) => {
      this.#fail = resolve;
    });
  }

  async start(): Promise<void> {
    await this.#side?.start(this.#options.role === 'all');
    this.#serving = this.#serve();
  }

  status(): WorkerStatus {
    const side = this.#side;
    return {
      temporal: this.#temporal.status(),
      store: side?.store.status() ?? null,
      uploadsInFlight: side?.ledger.uploadsInFlight ?? 0,
      uploads: side?.ledger.uploads ?? new Map(),
      backgroundFailures: side?.backgroundFailures ?? new Map(),
      declined: side?.declined.current ?? new Map(),
      ...(side?.bucket.status() ?? NO_BUCKET),
      damaged: side?.ledger.damagedObjects ?? [],
      spool: side?.ledger.spool ?? null,
      spoolOutlook: side?.spoolOutlook() ?? null,
      supervision: this.#recording?.supervision?.() ?? null,
    };
  }

  async stop(mode: 'stop' | 'detach'): Promise<void> {
    this.#stopped ??= this.#stop(mode);
    await this.#stopped;
  }

  /** Connects, prepares and runs Temporal's workers; whatever fails on the way is tried again until `stop`. */
  async #serve(): Promise<void> {
    const { temporal, clock, log } = this.#options;
    const { signal } = this.#stopping;
    try {
      const session = await connectForever({ temporal, link: this.#temporal, clock, signal });
      this.#session = session;
      while (!signal.aborted && !(await this.#enter(session))) await clock.sleep(WORKER_POLICIES.enterRetryMs, signal);
    } catch (error) {
      if (signal.aborted) return;
      log.error({ error: errorText(error) }, 'the temporal side of the worker failed');
      this.#fail(error instanceof Error ? error : new Error(String(error)));
    }
  }

  async #enter(session: TemporalSession): Promise<boolean> {
    try {
      await session.namespaceId();
      await ensureSearchAttributes(session.connection, session.namespace, this.#options.log);
      if (this.#side !== null) await takeOver(session, this.#side.inherited, this.#options.log);
      this.#run(await this.#createWorkers(session));
      this.#watch(session);
      return true;
    } catch (error) {
      this.#temporal.down(error);
      return false;
    }
  }

  async #createWorkers(session: TemporalSession): Promise<readonly Worker[]> {
    const { namespace, connection } = session;
    const { policies } = this.#options;
    const identity = `${this.#recording?.spool.recorder ?? 'workflows'}@${hostname()}:${process.pid}`;
    const base = { namespace, connection, identity };
    const makers: (() => Promise<Worker>)[] = [];
    if (this.#workflows !== null) {
      const code = this.#workflows.workflowCode;
      makers.push(async () => await createWorkflowWorker({ ...base, code }));
    }
    if (this.#recording !== null && this.#side !== null) {
      const { spool, maxCameras, maxConcurrentUploads } = this.#recording;
      const activities = this.#side.activities(session);
      const retention = this.#side.bucket.activities(session);
      const recorderId = spool.recorder;
      makers.push(
        ...recorderWorkerMakers({
          ...base,
          recorderId,
          activities,
          retention,
          policies,
          maxCameras,
          maxConcurrentUploads,
        }),
      );
    }
    return await createAll(makers);
  }

  #run(workers: readonly Worker[]): void {
    this.#workers = workers;
    this.#runs = workers.map(async (worker) => {
      try {
        await worker.run();
      } catch (error) {
        if (this.#stopping.signal.aborted) return;
        this.#options.log.error({ error: errorText(error) }, 'a temporal worker ended');
        this.#fail(error instanceof Error ? error : new Error(String(error)));
      }
    });
  }

  /** From here on Temporal is known to answer; the first pass, and one after it was wiped, also gives cameras their workflow. */
  #watch(session: TemporalSession): void {
    const { policies, clock, log } = this.#options;
    this.#side?.join(session);
    let preparedId: string | null = null;
    const pass = async (): Promise<'skipped' | void> => {
      let namespaceId: string;
      try {
        namespaceId = await session.namespaceId();
        if (this.#temporal.up()) this.#side?.hurry();
      } catch (error) {
        this.#temporal.down(error);
        return 'skipped';
      }
      if (namespaceId === preparedId) return;
      if (preparedId !== null) await ensureSearchAttributes(session.connection, session.namespace, log);
      await this.#ensureWorkflows(session);
      if (preparedId !== null) this.#side?.forgetAnnounced();
      preparedId = namespaceId;
    };
    this.#watching = startLoop({ name: 'temporal', everyMs: policies.probeEveryMs, clock, log, pass });
  }

  async #ensureWorkflows(session: TemporalSession): Promise<void> {
    if (this.#recording === null) return;
    const { policies, log } = this.#options;
    const { spool, configuredCameras, retention } = this.#recording;
    await ensureCameraWorkflows(session, { spool, configured: configuredCameras, policies, log });
    await ensureRetentionSchedule(session, { retention, policies, log });
  }

  async #stop(mode: 'stop' | 'detach'): Promise<void> {
    const deadlines = STOP_DEADLINES[mode];
    this.#side?.prepareToStop();
    this.#stopping.abort();
    const draining = this.#drain(deadlines);
    // Activities let go of recordings that go on before the recorder does.
    if (mode === 'detach') await draining;
    await Promise.all([draining, this.#closeRecorder(mode, deadlines)]);
    if (mode === 'stop' && this.#side !== null && this.#temporal.status().isReachable) {
      await this.#step('announce', deadlines.announce, this.#side.announceNow());
    }
    this.#recording?.store.close();
    if (this.#session !== null) {
      await this.#step('connection', deadlines.connection, this.#session.connection.close());
    }
  }

  /** Ends everything that speaks to Temporal, which may not answer. */
  async #drain(deadlines: StopDeadlines): Promise<void> {
    await this.#step('connecting', deadlines.connecting, this.#serving);
    await Promise.all([
      this.#step('temporal workers', deadlines.workers, this.#stopWorkers()),
      this.#step('loops', deadlines.loops, this.#stopLoops()),
    ]);
  }

  async #closeRecorder(mode: 'stop' | 'detach', { recorder }: StopDeadlines): Promise<void> {
    if (this.#recording !== null) await this.#step('recorder', recorder, this.#recording.recorder.close(mode));
  }

  async #stopWorkers(): Promise<void> {
    for (const worker of this.#workers) if (worker.getState() === 'RUNNING') worker.shutdown();
    await Promise.all(this.#runs);
  }

  async #stopLoops(): Promise<void> {
    await Promise.all([this.#watching?.stop(), this.#side?.stopLoops()]);
  }

  async #step(what: string, deadlineMs: number, work: Promise<unknown>): Promise<void> {
    try {
      await within(what, deadlineMs, work);
    } catch (error) {
      this.#options.log.warn({ step: what, error: errorText(error) }, 'stopping goes on without it');
    }
  }
}
