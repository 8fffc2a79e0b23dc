/**
 * A camera for tests and for the demo: an RTSP server on the loopback that behaves like a Tapo C220 and can be made to misbehave.
 * 1. One clock drives all clients: frame n is due at n / fps since the UTC epoch, so a client that returns joins in the middle of a GOP.
 * 2. Frames are produced whether or not anybody watches, each once, with its number and send time inside; all of them are logged.
 * 3. A client that vanishes without TEARDOWN keeps its session, and thereby one of the camera's two places, until that times out.
 */
import { createServer, type Server, type Socket } from 'node:net';
import { type Clock, systemClock } from '../clock.js';
import type { Account } from './digest-auth.js';
import { type Fault, FaultSet } from './fault.js';
import { FrameLog, type ProducedFrame } from './frame-log.js';
import { type LoginAttempt, LoginGuard } from './login-guard.js';
import { MediaSource } from './media-source.js';
import type { Picture } from './picture.js';
import { type AnsweredRequest, type CameraFront, type Delivery, RtspConnection } from './rtsp-connection.js';
import { describeSession } from './sdp.js';
import { SessionSlots } from './session-slots.js';

/** What is left out makes the camera a Tapo C220, as far as a recorder can tell. */
export interface SimulatedCameraOptions {
  readonly picture: Picture;
  /** Both or neither; without them nobody is asked to log in. */
  readonly user?: string;
  readonly password?: string;
  /** Default: the picture's; with another one its burnt-in clock runs wrong. */
  readonly fps?: number;
  /** Default true. */
  readonly audio?: boolean;
  /** Default `/stream1`. */
  readonly path?: string;
  /** On 127.0.0.1; default 0, any free one. */
  readonly port?: number;
  /** Default 15 s, as a Tapo. */
  readonly sessionTimeoutMs?: number;
  /** Default 2, as a Tapo. */
  readonly maxSessions?: number;
  /** GET_PARAMETER is answered 400 like SET_PARAMETER always is; default false. */
  readonly refuseGetParameter?: boolean;
  /** Between RTCP sender reports; default 5 s. */
  readonly reportIntervalMs?: number;
  readonly clock?: Clock;
  /** 0 ≤ random < 1: where RTP numbers start. */
  readonly random?: () => number;
}

/** A client that is connected now. */
export interface ConnectedClient {
  readonly id: number;
  readonly openedAtMs: number;
  readonly isPlaying: boolean;
  readonly isFrozen: boolean;
}

/** A running camera. */
export interface SimulatedCamera {
  /** With the user and password in it: a secret (INV-7). */
  readonly url: string;
  readonly urlWithoutUserinfo: string;
  readonly port: number;
  readonly connections: readonly ConnectedClient[];
  /** Sessions that hold one of the camera's places, those of vanished clients included. */
  readonly sessionsTaken: number;
  readonly attempts: readonly LoginAttempt[];
  readonly requests: readonly AnsweredRequest[];
  /** Produced frames that at least one client was sent. */
  readonly framesSent: number;
  /** By the camera's clock. */
  nowMs(): number;
  framesBetween(fromMs: number, toMs: number): readonly ProducedFrame[];
  /** Resolves when the fault is on. */
  setFault(fault: Fault): Promise<void>;
  /** Resolves when the camera works again; what was done to connections stays done, frozen ones go on. */
  clearFaults(): Promise<void>;
  /** Ends all connections. Idempotent. */
  close(): Promise<void>;
}

/** Resolves when the camera can be connected to. @throws the error of `listen`. */
export async function createSimulatedCamera(options: SimulatedCameraOptions): Promise<SimulatedCamera> {
  const camera = new Camera(options);
  await camera.open(options.port ?? 0);
  return camera;
}

const MAX_REQUESTS = 10_000;

class Camera implements SimulatedCamera, CameraFront {
  readonly faults = new FaultSet();
  readonly logins: LoginGuard;
  readonly slots: SessionSlots;
  readonly sessionTimeoutMs: number;
  readonly isGetParameterRefused: boolean;
  readonly requests: AnsweredRequest[] = [];
  readonly #account: Account | null;
  readonly #path: string;
  readonly #hasAudio: boolean;
  readonly #clock: Clock;
  readonly #startedAt: { readonly wallMs: number; readonly monotonicMs: number };
  readonly #log = new FrameLog();
  readonly #media: MediaSource;
  readonly #clients = new Set<RtspConnection>();
  #server: Server | null = null;
  #port = 0;
  #timer: NodeJS.Timeout | null = null;
  #heldBack: Delivery[] = [];
  #connectionCount = 0;

  constructor(options: SimulatedCameraOptions) {
    this.#clock = options.clock ?? systemClock;
    this.#startedAt = { wallMs: this.#clock.wallMs(), monotonicMs: this.#clock.monotonicMs() };
    this.#account = options.user === undefined ? null : { user: options.user, password: options.password ?? '' };
    this.#path = options.path ?? '/stream1';
    this.#hasAudio = options.audio ?? true;
    this.sessionTimeoutMs = options.sessionTimeoutMs ?? 15_000;
    this.isGetParameterRefused = options.refuseGetParameter ?? false;
    this.logins = new LoginGuard(this.#account, this.faults);
    this.slots = new SessionSlots({ limit: options.maxSessions ?? 2, timeoutMs: this.sessionTimeoutMs });
    this.#media = new MediaSource({
      picture: options.picture,
      fps: options.fps ?? options.picture.spec.fps,
      hasAudio: this.#hasAudio,
      startMs: this.nowMs(),
      reportIntervalMs: options.reportIntervalMs ?? 5_000,
      random: options.random ?? Math.random,
      faults: this.faults,
      log: this.#log,
    });
  }

  get port(): number {
    return this.#port;
  }

  get urlWithoutUserinfo(): string {
    return `rtsp://127.0.0.1:${this.#port}${this.#path}`;
  }

  get url(): string {
    if (this.#account === null) return this.urlWithoutUserinfo;
    const userinfo = `${percentEncode(this.#account.user)}:${percentEncode(this.#account.password)}`;
    return this.urlWithoutUserinfo.replace('//', () => `//${userinfo}@`);
  }

  get connections(): readonly ConnectedClient[] {
    return [...this.#clients];
  }

  get sessionsTaken(): number {
    return this.slots.taken;
  }

  get attempts(): readonly LoginAttempt[] {
    return this.logins.attempts;
  }

  get framesSent(): number {
    return this.#log.sent;
  }

  /** Steps of the machine's clock do not reach the camera, as with a real one. */
  nowMs(): number {
    return this.#startedAt.wallMs + this.#clock.monotonicMs() - this.#startedAt.monotonicMs;
  }

  framesBetween(fromMs: number, toMs: number): readonly ProducedFrame[] {
    return this.#log.between({ fromMs, toMs });
  }

  hasPath(path: string): boolean {
    return path === this.#path || path === `${this.#path}/` || path.startsWith(`${this.#path}/track`);
  }

  describe(): string {
    return describeSession(this.#media.picture, this.#hasAudio);
  }

  onRequest(request: AnsweredRequest): void {
    this.requests.push(request);
    if (this.requests.length > MAX_REQUESTS) this.requests.shift();
  }

  async open(port: number): Promise<void> {
    await this.#listen(port);
    this.#tick();
  }

  async setFault(fault: Fault): Promise<void> {
    this.faults.set(fault);
    switch (fault.kind) {
      case 'freeze':
        for (const client of this.#clients) client.freeze();
        break;
      case 'reset':
      case 'fin':
        for (const client of this.#clients) client.end(fault.kind);
        break;
      case 'timestamp-jump':
        this.#media.jumpTimestamps(fault.byMs);
        break;
      case 'refuse':
        this.#stopListening();
        break;
      default:
    }
  }

  async clearFaults(): Promise<void> {
    this.faults.clear();
    for (const client of this.#clients) if (client.isFrozen) client.thaw();
    await this.#listen(this.#port);
  }

  async close(): Promise<void> {
    if (this.#timer !== null) clearTimeout(this.#timer);
    this.#timer = null;
    for (const client of this.#clients) client.destroy();
    this.#stopListening();
  }

  async #listen(port: number): Promise<void> {
    if (this.#server !== null) return;
    const server = createServer((socket) => this.#accept(socket));
    this.#server = server;
    await new Promise<void>((resolve, reject) => {
      server.once('error', reject).listen(port, '127.0.0.1', resolve);
    });
    const address = server.address();
    if (address !== null && typeof address === 'object') this.#port = address.port;
  }

  /** Connections that are open stay so. */
  #stopListening(): void {
    this.#server?.close();
    this.#server = null;
  }

  #accept(socket: Socket): void {
    this.#connectionCount += 1;
    const client = new RtspConnection(this.#connectionCount, socket, this);
    this.#clients.add(client);
    socket.on('close', () => this.#clients.delete(client));
    const isFrozen = this.faults.get('freeze')?.connections === 'all' || this.faults.has('never-answer');
    if (isFrozen) client.freeze();
  }

  #tick(): void {
    const nowMs = this.nowMs();
    this.slots.expire(nowMs);
    for (const client of this.#clients) client.endIfTimedOut();
    this.#send(this.#media.takeDue(nowMs));
    this.#timer = setTimeout(() => this.#tick(), Math.max(0, Math.ceil(this.#media.nextDueMs - this.nowMs())));
  }

  #send(deliveries: readonly Delivery[]): void {
    this.#heldBack.push(...deliveries);
    const held = this.#heldBack.filter((delivery) => delivery.counter !== null).length;
    if (held < (this.faults.get('bursts')?.frames ?? 0)) return;
    const due = this.#heldBack;
    this.#heldBack = [];
    for (const delivery of due) {
      if (delivery.counter !== null && this.faults.has('video-off')) continue;
      for (const client of this.#clients) this.#sendTo(client, delivery);
    }
  }

  #sendTo(client: RtspConnection, delivery: Delivery): void {
    if (client.deliver(delivery) && delivery.counter !== null) this.#log.countSent(delivery.counter);
  }
}

/** Everything but the unreserved characters of RFC 3986. */
function percentEncode(text: string): string {
  return encodeURIComponent(text).replace(
    /[!'()*]/g,
    (letter) => `%${letter.charCodeAt(0).toString(16).toUpperCase()}`,
  );
}
