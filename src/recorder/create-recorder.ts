/**
 * The cameras of one recorder. What is on disk and what the keeper holds is the state it starts from.
 *
 * 1. What runs is adopted, what ended without us is sealed, what the assignments want is started, in this order for each camera.
 * 2. At most one session per camera is kept (INV-5); a process nobody knows is ended.
 * 3. Attaching only attaches: a recording goes on with nobody attached (INV-4).
 */
import { statfs } from 'node:fs/promises';
import type { Clock } from '../clock.js';
import type { CameraCondition, CameraSource, CameraSpec, LastingStop } from '../domain/camera.js';
import type { CameraId, SessionId } from '../domain/ids.js';
import type { SealedSegment } from '../domain/segment.js';
import type { KeeperClient, ProcessExit } from '../keeper/keeper-client.js';
import type { Logger } from '../log.js';
import { createRecordingWalker } from '../mp4/recording-index.js';
import { listSessions, type OpenSession } from '../spool/session-files.js';
import type { Spool } from '../spool/spool.js';
import { adoptedSession } from './adopted-session.js';
import { CurrentAttachment } from './attachment.js';
import { hasRoute } from './camera-route.js';
import { CameraSupervisor, type SupervisorDeps } from './camera-supervisor.js';
import { createDiskProbe } from './disk-probe.js';
import { DEFAULT_RECORDER_POLICIES, minFreeBytesOf, RESUME_FACTOR, type RecorderPolicies } from './policies.js';
import type { Attachment, AttachOptions, Recorder } from './recorder.js';
import { createRemux } from './remux.js';
import type { CameraStatistics } from './statistics.js';

/** `resolveUrl` is asked anew at each start of a session, so it may read a file. */
export interface RecorderDeps {
  readonly spool: Spool;
  readonly keeper: KeeperClient;
  /** The whole URL with its password, or undefined when this recorder does not have it. */
  readonly resolveUrl: (source: CameraSource) => Promise<string | undefined>;
  readonly ffmpegPath: string;
  readonly clock: Clock;
  /** 0 ≤ random < 1 */
  readonly random: () => number;
  readonly log: Logger;
  readonly policies?: Partial<RecorderPolicies>;
  /** Default: of the disk the spool is on. */
  readonly freeBytes?: () => Promise<number>;
  /** Whether there is a way to the camera's network; default: as the kernel says. */
  readonly hasRoute?: (cameraUrl: string) => Promise<boolean>;
}

/** Asks nobody and starts nothing before `start`. */
export function createRecorder(deps: RecorderDeps): Recorder {
  return new SpoolRecorder(deps);
}

interface Slot {
  readonly supervisor: CameraSupervisor;
  attachment: CurrentAttachment | null;
  /** Monotonic. */
  unattachedSinceMs: number;
}

class SpoolRecorder implements Recorder {
  readonly #deps: RecorderDeps;
  readonly #policies: RecorderPolicies;
  readonly #slots = new Map<CameraId, Slot>();
  readonly #exits = new Map<SessionId, ProcessExit>();
  /** Until nothing of each is left to do. */
  readonly #recovering = new Map<SessionId, Promise<void>>();
  readonly #takenOver: Promise<void>;
  #tookOver: () => void = () => undefined;
  readonly #sealedListeners = new Set<(segment: SealedSegment) => void>();
  readonly #conditionListeners = new Set<(camera: CameraId, condition: CameraCondition) => void>();
  readonly #closed = new AbortController();
  readonly #supervisorDeps: SupervisorDeps;
  #isStarted = false;

  constructor(deps: RecorderDeps) {
    this.#deps = deps;
    this.#takenOver = new Promise((resolve) => {
      this.#tookOver = resolve;
    });
    this.#policies = { ...DEFAULT_RECORDER_POLICIES, ...deps.policies };
    this.#supervisorDeps = {
      ...deps,
      resolveUrl: (source) => deps.resolveUrl(source),
      hasRoom: async () => (await this.#freeBytes()) >= this.minFreeBytes() * RESUME_FACTOR,
      remux: createRemux(deps.ffmpegPath),
      createWalker: createRecordingWalker,
      probeDisk: createDiskProbe(deps.clock),
      policies: this.#policies,
      sealed: (segment) => {
        for (const listener of this.#sealedListeners) listener(segment);
      },
      conditionChanged: (camera, condition) => {
        for (const listener of this.#conditionListeners) listener(camera, condition);
      },
    };
  }

  async start(): Promise<void> {
    const { keeper, spool } = this.#deps;
    keeper.onExited(async (exit) => await this.#exited(exit));
    const running = await keeper.list();
    for (const assignment of await spool.assignments.list()) this.#add(assignment.camera, assignment);
    const sessions = await listSessions(spool.layout);
    for (const { camera } of sessions) this.#slot(camera);
    for await (const { segment } of spool.list()) this.#slots.get(segment.camera)?.supervisor.noteFootage(segment.toMs);
    await this.#takeOver(sessions, new Set(running.map(({ session }) => session)));
    this.#isStarted = true;
    this.#tookOver();
    await Promise.all([...this.#slots.values()].map(({ supervisor }) => supervisor.resume()));
    this.#watchSpace().catch((error: unknown) => this.#deps.log.error({ err: error }, 'space is no longer watched'));
  }

  async recordUnattached(camera: CameraId, spec: CameraSpec): Promise<void> {
    const { supervisor } = this.#slot(camera);
    if (supervisor.isAssigned) return;
    await supervisor.record(spec, { lastEndedAtMs: null, notBeforeMs: null, taskToken: null });
  }

  async attach(camera: CameraId, spec: CameraSpec, options: AttachOptions): Promise<Attachment> {
    const slot = this.#slot(camera);
    slot.attachment?.supersede();
    const attachment = new CurrentAttachment(slot.supervisor, () => {
      if (slot.attachment !== attachment) return;
      slot.attachment = null;
      slot.unattachedSinceMs = this.#deps.clock.monotonicMs();
    });
    slot.attachment = attachment;
    await slot.supervisor.record(spec, options);
    return attachment;
  }

  noteEarlierEnd(camera: CameraId, endedAtMs: number): void {
    this.#slots.get(camera)?.supervisor.noteEarlierEnd(endedAtMs);
  }

  conditions(): ReadonlyMap<CameraId, CameraCondition> {
    return new Map([...this.#slots].map(([camera, { supervisor }]) => [camera, supervisor.condition()]));
  }

  specs(): ReadonlyMap<CameraId, CameraSpec> {
    const known = [...this.#slots].map(([camera, { supervisor }]) => [camera, supervisor.spec] as const);
    return new Map(known.flatMap(([camera, spec]) => (spec === undefined ? [] : [[camera, spec]])));
  }

  unattached(): readonly { readonly camera: CameraId; readonly sinceMonotonicMs: number }[] {
    return [...this.#slots]
      .filter(([, { attachment, supervisor }]) => attachment === null && supervisor.isWanted)
      .map(([camera, { unattachedSinceMs }]) => ({ camera, sinceMonotonicMs: unattachedSinceMs }));
  }

  async stopUnattached(camera: CameraId, cause: LastingStop): Promise<void> {
    const slot = this.#slots.get(camera);
    if (slot === undefined || slot.attachment !== null) return;
    await slot.supervisor.stop(cause);
  }

  async declines(camera: CameraId, spec: CameraSpec): ReturnType<Recorder['declines']> {
    const { maxCameras } = this.#policies;
    const url = await this.#deps.resolveUrl(spec.source);
    if (url === undefined) return { code: 'no-secret', detail: 'this recorder has no URL for the camera' };
    if (!(await (this.#deps.hasRoute ?? hasRoute)(url))) {
      return { code: 'no-route', detail: 'this recorder has no way to the network of the camera' };
    }
    const others = [...this.#slots].filter(([other, { supervisor }]) => other !== camera && supervisor.isWanted);
    if (others.length >= maxCameras) return { code: 'no-capacity', detail: `it has ${others.length} cameras already` };
    const minFreeBytes = this.minFreeBytes(this.#slots.get(camera)?.supervisor.isWanted === true ? [] : [spec]);
    const freeBytes = await this.#freeBytes();
    if (freeBytes >= minFreeBytes) return null;
    return { code: 'no-space', detail: `${freeBytes} bytes are free, ${minFreeBytes} must stay free` };
  }

  onSealed(listener: (segment: SealedSegment) => void): () => void {
    this.#sealedListeners.add(listener);
    return () => this.#sealedListeners.delete(listener);
  }

  onCondition(listener: (camera: CameraId, condition: CameraCondition) => void): () => void {
    this.#conditionListeners.add(listener);
    return () => this.#conditionListeners.delete(listener);
  }

  statistics(): ReadonlyMap<CameraId, CameraStatistics> {
    return new Map([...this.#slots].map(([camera, { supervisor }]) => [camera, supervisor.statistics()]));
  }

  async close(mode: 'stop' | 'detach'): Promise<void> {
    this.#closed.abort();
    const supervisors = [...this.#slots.values()].map(({ supervisor }) => supervisor);
    await Promise.all(supervisors.map((supervisor) => (mode === 'stop' ? supervisor.close() : supervisor.detach())));
  }

  #slot(camera: CameraId): Slot {
    return this.#slots.get(camera) ?? this.#add(camera, undefined);
  }

  #add(camera: CameraId, journal: ConstructorParameters<typeof CameraSupervisor>[2]): Slot {
    const supervisor = new CameraSupervisor(camera, this.#supervisorDeps, journal);
    const slot: Slot = { supervisor, attachment: null, unattachedSinceMs: this.#deps.clock.monotonicMs() };
    this.#slots.set(camera, slot);
    return slot;
  }

  async #takeOver(sessions: readonly OpenSession[], running: ReadonlySet<SessionId>): Promise<void> {
    const known = new Set(sessions.map(({ session }) => session));
    for (const session of running) if (!known.has(session)) await this.#deps.keeper.signal(session, 'SIGKILL');
    for (const found of sessions) await this.#takeOne(found, running);
    const withSession = new Set(sessions.map(({ camera }) => camera));
    for (const [camera, { supervisor }] of this.#slots) if (!withSession.has(camera)) supervisor.noteRestart();
  }

  async #takeOne(found: OpenSession, running: ReadonlySet<SessionId>): Promise<void> {
    const { supervisor } = this.#slot(found.camera);
    const session = await adoptedSession(found, supervisor.spec, this.#deps.clock);
    if (session === undefined) {
      this.#deps.log.warn(
        { camera: found.camera, session: found.session },
        'a session of an unknown kind stays as it is',
      );
      return;
    }
    if (running.has(found.session) && !this.#exits.has(found.session)) supervisor.adopt(session);
    else this.#recovering.set(found.session, supervisor.recover(session, this.#exits.get(found.session)));
  }

  /** Resolves when nothing of it is left to do. Rejects when the next worker must be told. */
  async #exited(exit: ProcessExit): Promise<void> {
    if (!this.#isStarted) this.#exits.set(exit.session, exit);
    try {
      await Promise.all([...this.#slots.values()].map(async ({ supervisor }) => await supervisor.exited(exit)));
      await this.#takenOver;
      await this.#recovering.get(exit.session);
    } catch (error) {
      this.#deps.log.warn({ session: exit.session, err: error }, 'the end of a session is left to the next worker');
      throw error;
    }
  }

  async #watchSpace(): Promise<void> {
    const { clock, log } = this.#deps;
    const { signal } = this.#closed;
    while (!signal.aborted) {
      try {
        const freeBytes = await this.#freeBytes();
        if (freeBytes < this.minFreeBytes()) this.#spaceLow();
        else await this.#deps.spool.restoreReserve();
      } catch (error) {
        log.warn({ err: error }, 'free space not known');
      }
      await clock.sleep(this.#policies.spaceEveryMs, signal).catch(() => undefined);
    }
  }

  #spaceLow(): void {
    for (const { supervisor } of this.#slots.values()) supervisor.spaceLow();
  }

  /** @param more to be recorded beside those that are */
  minFreeBytes(more: readonly CameraSpec[] = []): number {
    const supervisors = [...this.#slots.values()].map(({ supervisor }) => supervisor);
    const recorded = supervisors.flatMap(({ isWanted, spec }) => (isWanted && spec !== undefined ? [spec] : []));
    return this.#policies.minFreeBytes ?? minFreeBytesOf([...recorded, ...more]);
  }

  async #freeBytes(): Promise<number> {
    if (this.#deps.freeBytes !== undefined) return await this.#deps.freeBytes();
    const { bavail, bsize } = await statfs(this.#deps.spool.layout.root);
    return bavail * bsize;
  }
}
