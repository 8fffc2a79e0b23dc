/**
 * One client of a simulated camera: answers its requests and writes packets to it.
 * 1. A frozen connection reads nothing and writes nothing, and stays open whatever the client or the session timeout does.
 * 2. A connection whose session timed out is ended, as a Tapo does.
 * 3. A client that does not read loses frames up to a keyframe; memory stays bounded.
 */
import { randomBytes } from 'node:crypto';
import type { Socket } from 'node:net';
import { digestChallenge } from './digest-auth.js';
import type { FaultSet } from './fault.js';
import type { LoginGuard } from './login-guard.js';
import { moveToChannel } from './rtp.js';
import {
  formatResponse,
  type RtspInput,
  RtspInputParser,
  type RtspRequest,
  type RtspResponse,
} from './rtsp-message.js';
import type { SessionSlots } from './session-slots.js';

/** What a connection needs of its camera. */
export interface CameraFront {
  readonly faults: FaultSet;
  readonly logins: LoginGuard;
  readonly slots: SessionSlots;
  readonly sessionTimeoutMs: number;
  readonly isGetParameterRefused: boolean;
  nowMs(): number;
  /** A path of this camera, with or without a track behind it. */
  hasPath(path: string): boolean;
  describe(): string;
  onRequest(request: AnsweredRequest): void;
}

/** One request and its answer. */
export interface AnsweredRequest {
  readonly atMs: number;
  readonly connection: number;
  readonly method: string;
  readonly status: number;
}

type Medium = 'video' | 'audio';

/** Packets of one medium, made once for all clients. */
export interface Delivery {
  readonly medium: Medium;
  readonly isReport: boolean;
  readonly isKey: boolean;
  /** Addressed to channel 0, reports to channel 1. */
  readonly packets: Buffer;
  /** The frame's number; null for anything but a video frame. */
  readonly counter: number | null;
}

type State =
  | { readonly kind: 'idle' }
  | { readonly kind: 'ready'; readonly session: string; readonly channels: ReadonlyMap<Medium, number> }
  | {
      readonly kind: 'playing';
      readonly session: string;
      readonly channels: ReadonlyMap<Medium, number>;
      readonly fromMs: number;
    };

const METHODS = 'OPTIONS, DESCRIBE, SETUP, TEARDOWN, PLAY, GET_PARAMETER, SET_PARAMETER';
/** About 15 s of a 2K stream. */
const MAX_UNSENT_BYTES = 8 * 1024 * 1024;

/** Takes over an accepted socket, its end included. */
export class RtspConnection {
  readonly id: number;
  readonly openedAtMs: number;
  readonly #socket: Socket;
  readonly #front: CameraFront;
  readonly #parser = new RtspInputParser();
  readonly #nonce = randomBytes(16).toString('hex');
  #state: State = { kind: 'idle' };
  #previousCseq = '0';
  #isFrozen = false;
  #isWaitingForKey = false;

  constructor(id: number, socket: Socket, front: CameraFront) {
    this.id = id;
    this.openedAtMs = front.nowMs();
    this.#socket = socket;
    this.#front = front;
    socket.setNoDelay(true);
    // A client that goes away is no failure of a camera; `close` follows.
    socket.on('error', () => undefined);
    socket.on('data', (bytes) => this.#receive(bytes));
  }

  get isPlaying(): boolean {
    return this.#state.kind === 'playing';
  }

  get isFrozen(): boolean {
    return this.#isFrozen;
  }

  freeze(): void {
    this.#isFrozen = true;
    this.#socket.pause();
  }

  thaw(): void {
    this.#isFrozen = false;
    this.#isWaitingForKey = this.isPlaying;
    this.#socket.resume();
  }

  /** TCP reset, or an orderly end; the camera knows that the session is over. */
  end(how: 'reset' | 'fin'): void {
    this.#forgetSession();
    if (how === 'reset') this.#socket.resetAndDestroy();
    else this.#socket.end();
  }

  /** Without a word to the client, as when the camera's process ends. */
  destroy(): void {
    this.#socket.destroy();
  }

  endIfTimedOut(): void {
    if (this.#state.kind === 'idle' || this.#isFrozen) return;
    if (!this.#front.slots.holds(this.#state.session)) this.#socket.destroy();
  }

  /** False when this client does not get it. */
  deliver(delivery: Delivery): boolean {
    const state = this.#state;
    if (state.kind !== 'playing' || this.#isFrozen || !this.#socket.writable) return false;
    const channel = state.channels.get(delivery.medium);
    if (channel === undefined || this.#front.nowMs() < state.fromMs || !this.#hasRoomFor(delivery)) return false;
    this.#socket.write(moveToChannel(delivery.packets, delivery.isReport ? channel + 1 : channel));
    return true;
  }

  #hasRoomFor(delivery: Delivery): boolean {
    if (this.#socket.writableLength > MAX_UNSENT_BYTES) {
      this.#isWaitingForKey = true;
      return false;
    }
    if (!this.#isWaitingForKey || delivery.counter === null) return true;
    this.#isWaitingForKey = !delivery.isKey;
    return delivery.isKey;
  }

  #receive(bytes: Buffer): void {
    for (const input of this.#parser.push(bytes)) this.#take(input);
  }

  #take(input: RtspInput): void {
    if (this.#state.kind !== 'idle') this.#front.slots.renew(this.#state.session, this.#front.nowMs());
    if (input.kind === 'report') return;
    const { request } = input;
    const cseq = request.headers.get('cseq') ?? '0';
    const response = this.#answer(request);
    // A Tapo C220 answers a parameter request that it does not like with the number of the request before it.
    const isStale = response.status === 400 && request.method.endsWith('_PARAMETER');
    this.#socket.write(formatResponse(response, isStale ? this.#previousCseq : cseq));
    this.#previousCseq = cseq;
    this.#front.onRequest({
      atMs: this.#front.nowMs(),
      connection: this.id,
      method: request.method,
      status: response.status,
    });
  }

  #answer(request: RtspRequest): RtspResponse {
    switch (request.method) {
      case 'OPTIONS':
        return { status: 200, headers: { Public: METHODS } };
      case 'GET_PARAMETER':
        return { status: this.#front.isGetParameterRefused ? 400 : 200 };
      case 'SET_PARAMETER':
        return { status: 400 };
      case 'TEARDOWN':
        this.#forgetSession();
        return { status: 200 };
      case 'DESCRIBE':
      case 'SETUP':
      case 'PLAY':
        return this.#answerLoggedIn(request);
      default:
        return { status: 455 };
    }
  }

  #answerLoggedIn(request: RtspRequest): RtspResponse {
    const from = { connection: this.id, nonce: this.#nonce, nowMs: this.#front.nowMs() };
    if (!this.#front.logins.admits(request, from)) {
      return { status: 401, headers: { 'WWW-Authenticate': digestChallenge(this.#nonce) } };
    }
    const path = pathOf(request.url);
    if (this.#front.faults.has('not-found') || path === null || !this.#front.hasPath(path)) return { status: 404 };
    if (request.method === 'DESCRIBE') return this.#describe(request.url);
    return request.method === 'SETUP' ? this.#setUp(request, path) : this.#play();
  }

  #describe(url: string): RtspResponse {
    const redirect = this.#front.faults.get('redirect');
    if (redirect !== undefined) return { status: 302, headers: { Location: redirect.location } };
    const headers = { 'Content-Type': 'application/sdp', 'Content-Base': `${url.replace(/\/$/, '')}/` };
    return { status: 200, headers, body: this.#front.describe() };
  }

  #setUp(request: RtspRequest, path: string): RtspResponse {
    const transport = request.headers.get('transport') ?? '';
    const channel = /^RTP\/AVP\/TCP;.*interleaved=(\d+)-\d+/i.exec(transport)?.[1];
    if (channel === undefined) return { status: 461 };
    if (this.#state.kind === 'playing') return { status: 455 };
    const session = this.#state.kind === 'ready' ? this.#state.session : randomBytes(4).toString('hex').toUpperCase();
    const hasSlot = this.#front.slots.holds(session) || this.#front.slots.take(session, this.#front.nowMs());
    if (!hasSlot) return { status: 453 };
    const channels = new Map(this.#state.kind === 'ready' ? this.#state.channels : []);
    channels.set(path.endsWith('/track2') ? 'audio' : 'video', Number(channel));
    this.#state = { kind: 'ready', session, channels };
    return {
      status: 200,
      headers: {
        Transport: transport,
        Session: `${session};timeout=${Math.ceil(this.#front.sessionTimeoutMs / 1_000)}`,
      },
    };
  }

  #play(): RtspResponse {
    if (this.#state.kind === 'idle') return { status: 454 };
    const { session, channels } = this.#state;
    if (!this.#front.slots.holds(session)) return { status: 454 };
    const delayMs = this.#front.faults.get('slow-start')?.delayMs ?? 0;
    this.#state = { kind: 'playing', session, channels, fromMs: this.#front.nowMs() + delayMs };
    return { status: 200, headers: { Session: session, Range: 'npt=0.000-' } };
  }

  #forgetSession(): void {
    if (this.#state.kind !== 'idle') this.#front.slots.release(this.#state.session);
    this.#state = { kind: 'idle' };
  }
}

function pathOf(url: string): string | null {
  return /^rtsps?:\/\/[^/]+(\/[^?#]*)/i.exec(url)?.[1] ?? null;
}
