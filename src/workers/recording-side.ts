/**
 * All that a recorder's worker does beside Temporal's own workers: status, announcing, owning, reclaiming, telling of gaps. Lives from
 * the start of the process, before Temporal is reachable; `session` comes when it is.
 */
import { createAssignActivities } from '../activities/assign.js';
import { findStoredIn } from '../activities/find-stored.js';
import { createRecordActivities, type RecordAttempt } from '../activities/record.js';
import { sendTo } from '../activities/send-segment.js';
import { createUploadActivities } from '../activities/upload.js';
import { boundedBy } from '../clock.js';
import type { StopCause } from '../domain/camera.js';
import type { CameraId, SegmentId } from '../domain/ids.js';
import type { SpoolOutlook } from '../domain/spool-outlook.js';
import { createBufferPool } from '../object-store/buffer-pool.js';
import { ByteRate } from '../object-store/byte-rate.js';
import type { Assignment } from '../spool/spool.js';
import { type Activities, type CameraStatus, STATUS_QUERY } from '../workflows/contract.js';
import { Announcer } from './announce.js';
import { BucketCare } from './bucket-care.js';
import { ConditionReports } from './condition-reports.js';
import { within } from './deadline.js';
import { DeclinedCameras } from './declined-cameras.js';
import { errorText } from './error-text.js';
import { GapObjects } from './gap-objects.js';
import { ItemRetries } from './item-retries.js';
import { LastEnds } from './last-ends.js';
import { createLink, type Link } from './link.js';
import { type Loop, type LoopOptions, startLoop } from './loop.js';
import { OwnershipCheck } from './ownership.js';
import { WORKER_POLICIES } from './policies.js';
import { reclaimStored } from './reclaim.js';
import { endIfReset } from './reset-attempts.js';
import { StoredSampler } from './sample-stored.js';
import { createStoreProbe } from './store-probe.js';
import { sweepUploads } from './sweep-uploads.js';
import type { TemporalSession } from './temporal/connection.js';
import { UploadLedger } from './upload-ledger.js';
import type { CommonOptions, RecordingOptions } from './worker-options.js';

const BUFFERS_AN_UPLOAD = 4;

/** One for the life of a worker that records; a worker for workflows alone has none. */
export class RecordingSide {
  readonly ledger: UploadLedger;
  readonly store: Link;
  readonly declined: DeclinedCameras;
  readonly bucket: BucketCare;
  readonly #backgroundFailures = new Map<string, number>();
  readonly #options: CommonOptions & RecordingOptions;
  readonly #announcer: Announcer;
  readonly #reclaimRetries: ItemRetries<SegmentId>;
  readonly #reports: ConditionReports;
  readonly #gapObjects: GapObjects;
  readonly #temporal: Link;
  readonly #loops: Loop[] = [];
  #announcing: Loop | null = null;
  #askingLastEnds: Loop | null = null;
  #owning: Loop | null = null;
  #session: TemporalSession | null = null;
  #isStopping = false;
  #unlisten: () => void = () => undefined;
  /** As the worker before left them: its task tokens. */
  #inherited: readonly Assignment[] = [];

  /** `temporal` says whether it is worth asking: a pass that waits for an outage to end would come too late afterwards. */
  constructor(options: CommonOptions & RecordingOptions, temporal: Link) {
    this.#temporal = temporal;
    const { clock, log, spool, policies, recorder, store, timezone } = options;
    this.#reports = new ConditionReports({ recorder, spool, policies, timezone, clock });
    this.#gapObjects = new GapObjects({ spool, store, recorder, clock, log });
    this.#options = options;
    this.declined = new DeclinedCameras({ recorderId: spool.recorder, policies, clock });
    this.store = createLink('store', clock, log);
    this.bucket = new BucketCare(options, this.store);
    this.ledger = new UploadLedger({ clock, log, store: this.store });
    this.#announcer = new Announcer({
      spool,
      ledger: this.ledger,
      policies,
      timezone,
      clock,
      log,
      retries: this.#retries('announce', policies.scanEveryMs),
    });
    this.#reclaimRetries = this.#retries('reclaim', policies.reclaimEveryMs);
  }

  /** Starts recording, and what needs no Temporal. Waits for nothing that may not come (INV-4). */
  async start(recordsConfigured: boolean): Promise<void> {
    const { recorder, spool, configuredCameras, store, policies, log } = this.#options;
    this.#inherited = await spool.assignments.list();
    for (const { camera } of this.#inherited) this.ledger.expect(camera);
    await recorder.start();
    for (const { id, spec } of configuredCameras) {
      this.ledger.expect(id);
      if (recordsConfigured) await recorder.recordUnattached(id, spec);
    }
    this.#unlisten = recorder.onSealed(() => this.#announcing?.hurry());
    const probe = createStoreProbe(store, this.store, log, () => this.ledger.isRefused);
    this.#announcing = this.#loop('announce', policies.scanEveryMs, async (signal) => await this.#announce(signal));
    this.#loop('store', policies.probeEveryMs, async (signal) => {
      const wasReachable = this.store.status().isReachable;
      await probe(signal);
      if (!wasReachable && this.store.status().isReachable) this.#askingLastEnds?.hurry();
    });
    const lastEnds = new LastEnds(this.#options);
    this.#askingLastEnds = this.#loop('last ends', policies.probeEveryMs, async (signal) => {
      if (!this.store.status().isReachable) return 'skipped';
      return await lastEnds.pass(signal);
    });
    this.#loop('gap objects', policies.gapObjectsEveryMs, async (signal) => {
      if (!this.store.status().isReachable) return 'skipped';
      return await this.#gapObjects.pass(signal);
    });
    this.bucket.start((name, everyMs, pass) => void this.#loop(name, everyMs, pass));
    this.#loop('reclaim', policies.reclaimEveryMs, async (signal) => await this.#reclaim(signal));
    this.#loop('sweep', WORKER_POLICIES.sweepEveryMs, async (signal) => await this.#sweep(signal));
    this.#startVerifying();
  }

  spoolOutlook(): SpoolOutlook | null {
    return this.ledger.outlook(this.#options.recorder.minFreeBytes());
  }

  get backgroundFailures(): ReadonlyMap<string, number> {
    return this.#backgroundFailures;
  }

  get inherited(): readonly Assignment[] {
    return this.#inherited;
  }

  /** Temporal is reachable for the first time. */
  join(session: TemporalSession): void {
    const { recorder, spool, policies, clock, log } = this.#options;
    this.#session = session;
    const ownership = new OwnershipCheck({ recorder, spool, policies, clock, log });
    this.#owning = this.#loop('ownership', policies.ownershipEveryMs, async (signal) => {
      if (!this.#isTemporalUp()) return 'skipped';
      return await ownership.check(session, signal);
    });
    this.#loop('conditions', policies.heartbeatEveryMs, async (signal) => {
      if (!this.#isTemporalUp()) return 'skipped';
      return await this.#reports.report(session, signal);
    });
    this.#loop('declined', policies.heartbeatEveryMs, async (signal) => {
      if (!this.#isTemporalUp()) return 'skipped';
      return await this.declined.tell(session, signal);
    });
  }

  /** Temporal answers (again): what waited for it is told at once. */
  hurry(): void {
    this.#announcer.forgive();
    this.#announcing?.hurry();
    this.#owning?.hurry();
  }

  activities(session: TemporalSession): Activities {
    const { recorder, spool, store, policies, timezone, clock, maxConcurrentUploads } = this.#options;
    const { uploadBytesPerSecond = null, onPart } = this.#options;
    const rate = uploadBytesPerSecond === null ? null : new ByteRate(uploadBytesPerSecond, clock);
    const pool = createBufferPool(maxConcurrentUploads * BUFFERS_AN_UPLOAD);
    const { heartbeatEveryMs, slowRetryMs, waitForOtherUploadMs } = policies;
    return {
      ...createAssignActivities({
        recorderId: spool.recorder,
        timezone,
        recorder,
        isShuttingDown: () => this.#isStopping,
        observer: this.declined,
      }),
      ...createRecordActivities({
        recorder,
        heartbeatEveryMs,
        onAttached: (camera) => {
          this.ledger.expect(camera);
          this.#reports.forget(camera);
          this.#askingLastEnds?.hurry();
        },
        // Temporal may have ended it for good, which nothing else says.
        onDetached: () => this.#owning?.hurry(),
        askStopCause: async (camera) => await this.#askStopCause(session, camera),
        askReset: async (camera, attempt) => await this.#askReset(session, camera, attempt),
        announce: async () => await this.announceNow(),
      }),
      ...createUploadActivities({
        spool,
        send: sendTo(store, pool, { onPart, rate }),
        findStored: findStoredIn(store),
        observer: this.ledger,
        atOnce: maxConcurrentUploads,
        heartbeatEveryMs,
        slowRetryMs,
        waitForOtherMs: waitForOtherUploadMs,
      }),
    };
  }

  /** Temporal was wiped: nothing that it was told counts any more. */
  forgetAnnounced(): void {
    this.#announcer.forget();
    this.hurry();
  }

  /** One announcement outside of the loop's turn. Bounded; a failure is left to the loop. */
  async announceNow(): Promise<void> {
    const session = this.#session;
    if (session === null) return;
    try {
      const signal = boundedBy(undefined, WORKER_POLICIES.announceDeadlineMs);
      await within('announcing', WORKER_POLICIES.announceDeadlineMs, this.#announcer.announce(session, signal));
    } catch (error) {
      this.#options.log.debug({ error: errorText(error) }, 'last segments could not be announced yet');
    }
  }

  /** Nothing new is taken from here on. */
  prepareToStop(): void {
    this.#isStopping = true;
  }

  async stopLoops(): Promise<void> {
    this.#unlisten();
    await Promise.all(this.#loops.map(async (loop) => await loop.stop()));
  }

  #loop(name: string, everyMs: number, pass: LoopOptions['pass']): Loop {
    const { clock, log } = this.#options;
    const loop = startLoop({ name, everyMs, clock, log, pass, failed: this.#counting(name) });
    this.#loops.push(loop);
    return loop;
  }

  #retries<Id extends string>(name: string, everyMs: number): ItemRetries<Id> {
    const { clock, log } = this.#options;
    return new ItemRetries({ name, everyMs, clock, log, failed: this.#counting(name) });
  }

  #counting(name: string): () => void {
    this.#backgroundFailures.set(name, 0);
    return () => void this.#backgroundFailures.set(name, (this.#backgroundFailures.get(name) ?? 0) + 1);
  }

  async #announce(signal: AbortSignal): Promise<'skipped' | void> {
    if (this.#session !== null && this.#isTemporalUp()) return await this.#announcer.announce(this.#session, signal);
    await this.#announcer.scan();
    return 'skipped';
  }

  #isTemporalUp(): boolean {
    return this.#temporal.status().isReachable;
  }

  async #sweep(signal: AbortSignal): Promise<void> {
    const { spool, store, clock, log } = this.#options;
    const cameras = [...this.ledger.uploads.keys()];
    const onSwept = (camera: CameraId): void => this.ledger.swept(camera);
    const { abandonedAfterMs, forsakenAfterMs } = WORKER_POLICIES;
    await sweepUploads({ spool, store, cameras, abandonedAfterMs, forsakenAfterMs, clock, log, onSwept }, signal);
  }

  #startVerifying(): void {
    const { spool, store, clock, log, verifyEveryMs: everyMs = null } = this.#options;
    if (everyMs === null) return;
    const cameras = (): readonly CameraId[] => [...this.ledger.uploads.keys()];
    const onLost = (segment: SegmentId): void => this.#sendAgain(segment);
    const { ledger } = this;
    const sampler = new StoredSampler({
      ...{ spool, store, ledger, cameras, everyMs, clock, log, onLost },
      random: Math.random,
    });
    this.#loop('verify', everyMs, async (signal) => {
      if (!this.store.status().isReachable) return 'skipped';
      return await sampler.pass(signal);
    });
  }

  #sendAgain(segment: SegmentId): void {
    this.#announcer.resend(segment);
    this.#announcing?.hurry();
  }

  async #reclaim(signal: AbortSignal): Promise<void> {
    const { spool, store, policies, keepLocalMs, clock, log } = this.#options;
    const onLost = (segment: SegmentId): void => this.#sendAgain(segment);
    const { ledger, store: link } = this;
    const retries = this.#reclaimRetries;
    await reclaimStored({ spool, store, link, ledger, policies, retries, keepLocalMs, clock, log, onLost }, signal);
  }

  /** The workflow knows; null when it does not answer. */
  async #askStopCause(session: TemporalSession, camera: CameraId): Promise<StopCause | null> {
    try {
      const asking = session.ask(
        async ({ workflow }) => await workflow.getHandle(camera).query<CameraStatus>(STATUS_QUERY),
      );
      return (await within('asking why to stop', WORKER_POLICIES.askCauseDeadlineMs, asking)).stopping;
    } catch (error) {
      this.#options.log.warn({ camera, error: errorText(error) }, 'not told why to stop; recording goes on');
      return null;
    }
  }

  async #askReset(session: TemporalSession, camera: CameraId, attempt: RecordAttempt): Promise<boolean> {
    try {
      return await within(
        'asking for a reset',
        WORKER_POLICIES.askCauseDeadlineMs,
        endIfReset(session, camera, attempt),
      );
    } catch (error) {
      this.#options.log.warn({ camera, error: errorText(error) }, 'not told why the attempt ended; recording goes on');
      return false;
    }
  }
}
