/**
 * Announces sealed segments to their camera's workflow. The spool scan is the truth, signals are hints (INV-3).
 *
 * 1. Every segment without a receipt is announced once in the life of this worker; the workflow knows duplicates.
 * 2. Where nobody listens (the camera's workflow is closed), or nothing touched the segment for `untouchedMs`,
 *    its upload is started directly, with the same id: never twice at once.
 */
import { WorkflowNotFoundError } from '@temporalio/client';
import type { Clock } from '../clock.js';
import type { CameraId, SegmentId } from '../domain/ids.js';
import type { SealedSegment } from '../domain/segment.js';
import type { Logger } from '../log.js';
import type { Spool, SpooledSegment } from '../spool/spool.js';
import { type Policies, SEGMENTS_SEALED_SIGNAL, type SegmentNotice } from '../workflows/contract.js';
import type { ItemRetries } from './item-retries.js';
import { startUpload } from './start-workflows.js';
import type { TemporalSession } from './temporal/connection.js';
import type { UploadLedger } from './upload-ledger.js';

/** A signal of more makes the workflow task slow, and of fewer wastes tasks: measured. */
const NOTICES_A_SIGNAL = 50;

interface AnnounceDeps {
  readonly spool: Pick<Spool, 'list' | 'find' | 'usage'>;
  readonly ledger: UploadLedger;
  readonly policies: Policies;
  /** Of the recorder's site. */
  readonly timezone: string;
  readonly retries: ItemRetries<CameraId>;
  readonly clock: Clock;
  readonly log: Logger;
}

/** One for the life of a worker; a new one announces everything again, which does no harm (INV-6). */
export class Announcer {
  readonly #deps: AnnounceDeps;
  /** Monotonic ms of the last announcement. */
  readonly #announcedAtMs = new Map<SegmentId, number>();
  /** Lost by the store: their workflow has completed, so a notice would start nothing. */
  readonly #lost = new Set<SegmentId>();
  /** How often Temporal came back. */
  #returns = 0;

  constructor(deps: AnnounceDeps) {
    this.#deps = deps;
  }

  /** Scans the spool for the status only: no Temporal needed. */
  async scan(): Promise<readonly SpooledSegment[]> {
    const { spool, ledger } = this.#deps;
    const found: SpooledSegment[] = [];
    for await (const entry of spool.list()) found.push(entry);
    ledger.scanned(found, await spool.usage());
    const ids = new Set(found.map(({ segment }) => segment.id));
    for (const id of this.#announcedAtMs.keys()) if (!ids.has(id)) this.#announcedAtMs.delete(id);
    return found;
  }

  /** The next pass starts its upload anew. */
  resend(id: SegmentId): void {
    this.#lost.add(id);
  }

  /** Everything without a receipt is announced again: Temporal, which had been told, was wiped. */
  forget(): void {
    this.#announcedAtMs.clear();
  }

  /** Temporal is back: cameras whose announcements failed are due at once, also when that was in a pass that is under way. */
  forgive(): void {
    this.#returns += 1;
    this.#deps.retries.clear();
  }

  /** One pass over everything. A camera that fails slows only itself; when all do, it is not the cameras, and the pass fails. */
  async announce(session: TemporalSession, signal: AbortSignal): Promise<void> {
    const waiting = (await this.scan()).filter(({ kind }) => kind !== 'stored').map(({ segment }) => segment);
    const { retries } = this.#deps;
    const failures = new Map<CameraId, unknown>();
    const returns = this.#returns;
    let told = 0;
    for (const [camera, segments] of byCamera(waiting)) {
      signal.throwIfAborted();
      if (!retries.isDue(camera)) continue;
      try {
        await this.#announceCamera(session, camera, segments);
        retries.succeeded(camera);
        told += 1;
      } catch (error) {
        failures.set(camera, error);
      }
    }
    if (told === 0) for (const error of failures.values()) throw error;
    for (const [camera, error] of failures) retries.failed(camera, error);
    if (returns !== this.#returns) retries.clear();
  }

  async #announceCamera(session: TemporalSession, camera: CameraId, segments: readonly SealedSegment[]): Promise<void> {
    const fresh = segments.filter(({ id }) => !this.#announcedAtMs.has(id) && !this.#lost.has(id));
    for (let first = 0; first < fresh.length; first += NOTICES_A_SIGNAL) {
      await this.#signal(session, camera, fresh.slice(first, first + NOTICES_A_SIGNAL));
    }
    const forgotten = segments.filter((segment) => this.#isForgotten(segment.id));
    await this.#startDirectly(session, forgotten, 'no upload was under way');
  }

  async #signal(session: TemporalSession, camera: CameraId, batch: readonly SealedSegment[]): Promise<void> {
    try {
      const notices = batch.map(noticeOf);
      await session.ask(
        async ({ workflow }) => await workflow.getHandle(camera).signal(SEGMENTS_SEALED_SIGNAL, notices),
      );
      this.#note(batch);
    } catch (error) {
      if (!(error instanceof WorkflowNotFoundError)) throw error;
      await this.#startDirectly(session, batch, 'the camera has no open workflow');
    }
  }

  async #startDirectly(session: TemporalSession, segments: readonly SealedSegment[], why: string): Promise<void> {
    for (const segment of segments) {
      const isStarted = await this.#startUpload(session, segment);
      this.#note([segment]);
      this.#lost.delete(segment.id);
      if (!isStarted) continue;
      this.#deps.log.info({ camera: segment.camera, segment: segment.id, why }, 'upload started directly');
    }
  }

  /** `false` when it completed since the scan. */
  async #startUpload(session: TemporalSession, segment: SealedSegment): Promise<boolean> {
    const { policies, timezone, spool } = this.#deps;
    if (!this.#lost.has(segment.id) && (await startUpload(session, segment, { reuse: 'first', policies, timezone })))
      return true;
    // An upload completes after its receipt is on disk: one that did, and left none, is needed again.
    const entry = await spool.find(segment.id);
    if (entry === undefined || entry.kind === 'stored') return false;
    return await startUpload(session, segment, { reuse: 'again', policies, timezone });
  }

  #note(segments: readonly SealedSegment[]): void {
    const nowMs = this.#deps.clock.monotonicMs();
    for (const { id } of segments) this.#announcedAtMs.set(id, nowMs);
  }

  #isForgotten(id: SegmentId): boolean {
    if (this.#lost.has(id)) return true;
    const { ledger, clock, policies } = this.#deps;
    const announcedAtMs = this.#announcedAtMs.get(id);
    if (announcedAtMs === undefined || ledger.isInFlight(id)) return false;
    const lastMs = Math.max(announcedAtMs, ledger.touchedAtMs(id) ?? 0);
    return clock.monotonicMs() - lastMs >= policies.untouchedMs;
  }
}

function noticeOf({ id, recorder, fromMs, toMs, sizeBytes, gapsBefore }: SealedSegment): SegmentNotice {
  return { segment: id, recorder, fromMs, toMs, sizeBytes, gapsBefore };
}

function byCamera(segments: readonly SealedSegment[]): ReadonlyMap<CameraId, readonly SealedSegment[]> {
  const groups = new Map<CameraId, SealedSegment[]>();
  for (const segment of segments) groups.set(segment.camera, [...(groups.get(segment.camera) ?? []), segment]);
  return groups;
}
