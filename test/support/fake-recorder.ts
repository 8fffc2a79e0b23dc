import type { CameraCondition, CameraSpec, StopCause } from '../../src/domain/camera.js';
import { type CameraId, parseSessionId } from '../../src/domain/ids.js';
import type { SealedSegment } from '../../src/domain/segment.js';
import type { Attachment, AttachOptions, CameraStatistics, Recorder } from '../../src/recorder/recorder.js';

export interface RecordedAttachment {
  readonly camera: CameraId;
  readonly spec: CameraSpec;
  readonly options: AttachOptions;
  readonly supersede: AbortController;
  end: 'attached' | 'detached' | { readonly stopped: StopCause };
  restarts: number;
}

type Declined = Awaited<ReturnType<Recorder['declines']>>;

/** Records nothing, keeps what it was told, and behaves as the contract says: a newer attachment supersedes, an old one stops nothing. */
export class FakeRecorder implements Recorder {
  readonly attachments: RecordedAttachment[] = [];
  readonly earlierEnds = new Map<CameraId, number>();
  readonly stopsUnattached: { readonly camera: CameraId; readonly cause: StopCause }[] = [];
  readonly recording = new Map<CameraId, CameraCondition>();
  readonly unattachedSince = new Map<CameraId, number>();
  /** What the footage of a stopped recording is said to end at. */
  lastEndedAtMs: number | null = null;
  /** Runs inside every stop, before it resolves: seal a last segment here. */
  beforeStopped: (camera: CameraId) => Promise<void> = async () => undefined;
  declined: Declined = null;
  closed: 'stop' | 'detach' | null = null;
  isStarted = false;
  readonly #sealed = new Set<(segment: SealedSegment) => void>();
  readonly #conditions = new Set<(camera: CameraId, condition: CameraCondition) => void>();

  minFreeBytes(): number {
    return 0;
  }

  async start(): Promise<void> {
    this.isStarted = true;
  }

  async recordUnattached(camera: CameraId): Promise<void> {
    this.setCondition(camera, recordingNow());
    this.unattachedSince.set(camera, performance.now());
  }

  async attach(camera: CameraId, spec: CameraSpec, options: AttachOptions): Promise<Attachment> {
    for (const older of this.attachments) if (older.camera === camera) older.supersede.abort();
    const entry: RecordedAttachment = {
      camera,
      spec,
      options,
      supersede: new AbortController(),
      end: 'attached',
      restarts: 0,
    };
    this.attachments.push(entry);
    this.unattachedSince.delete(camera);
    if (this.recording.get(camera)?.kind !== 'recording') this.setCondition(camera, recordingNow());
    return {
      superseded: entry.supersede.signal,
      condition: () => this.recording.get(camera) ?? { kind: 'unassigned', sinceMs: 0 },
      detach: () => this.#detach(entry),
      restart: () => void (entry.restarts += 1),
      stop: async (cause) => await this.#stop(entry, cause),
    };
  }

  noteEarlierEnd(camera: CameraId, endedAtMs: number): void {
    this.earlierEnds.set(camera, endedAtMs);
  }

  setCondition(camera: CameraId, condition: CameraCondition): void {
    this.recording.set(camera, condition);
    for (const listener of this.#conditions) listener(camera, condition);
  }

  emitSealed(segment: SealedSegment): void {
    for (const listener of this.#sealed) listener(segment);
  }

  conditions(): ReadonlyMap<CameraId, CameraCondition> {
    return this.recording;
  }

  specs(): ReadonlyMap<CameraId, CameraSpec> {
    return new Map(this.attachments.map(({ camera, spec }) => [camera, spec]));
  }

  unattached(): readonly { readonly camera: CameraId; readonly sinceMonotonicMs: number }[] {
    return [...this.unattachedSince].map(([camera, sinceMonotonicMs]) => ({ camera, sinceMonotonicMs }));
  }

  async stopUnattached(camera: CameraId, cause: StopCause): Promise<void> {
    if (!this.unattachedSince.delete(camera)) return;
    this.stopsUnattached.push({ camera, cause });
    this.recording.delete(camera);
  }

  async declines(): Promise<Declined> {
    return this.declined;
  }

  onSealed(listener: (segment: SealedSegment) => void): () => void {
    this.#sealed.add(listener);
    return () => this.#sealed.delete(listener);
  }

  onCondition(listener: (camera: CameraId, condition: CameraCondition) => void): () => void {
    this.#conditions.add(listener);
    return () => this.#conditions.delete(listener);
  }

  statistics(): ReadonlyMap<CameraId, CameraStatistics> {
    return new Map();
  }

  async close(mode: 'stop' | 'detach'): Promise<void> {
    this.closed = mode;
  }

  /** Attachments of one camera, oldest first. */
  of(camera: CameraId): readonly RecordedAttachment[] {
    return this.attachments.filter((entry) => entry.camera === camera);
  }

  #detach(entry: RecordedAttachment): void {
    if (entry.end !== 'attached') return;
    entry.end = 'detached';
    if (!entry.supersede.signal.aborted) this.unattachedSince.set(entry.camera, performance.now());
  }

  async #stop(entry: RecordedAttachment, cause: StopCause): Promise<{ readonly lastEndedAtMs: number | null }> {
    if (entry.supersede.signal.aborted) return { lastEndedAtMs: null };
    await this.beforeStopped(entry.camera);
    entry.end = { stopped: cause };
    this.setCondition(entry.camera, { kind: cause === 'paused' ? 'paused' : 'unassigned', sinceMs: Date.now() });
    return { lastEndedAtMs: this.lastEndedAtMs };
  }
}

export function recordingNow(): CameraCondition {
  const nowMs = Date.now();
  return {
    kind: 'recording',
    sinceMs: nowMs,
    session: parseSessionId('20251214T013000Z-0000'),
    lastFrameAtMs: nowMs,
  };
}
