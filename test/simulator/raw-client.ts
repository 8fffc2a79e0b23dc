import { connect, type Socket } from 'node:net';
import { type FrameStamp, findFrameStamp } from '../../src/mp4/frame-stamp.js';
import { type Account, digestAuthorization } from '../../src/simulator/digest-auth.js';
import { waitFor } from '../support/wait-for.js';

export interface Answer {
  readonly status: number;
  readonly headers: ReadonlyMap<string, string>;
  readonly body: string;
}

export interface Packet {
  readonly channel: number;
  /** RTP sequence number; of no meaning for RTCP. */
  readonly sequence: number;
  readonly ticks: number;
  readonly hasMarker: boolean;
  readonly payload: Buffer;
  /** The whole packet, header included. */
  readonly bytes: Buffer;
}

/** An RTSP client that does only what it is told to. */
export class RawClient {
  readonly packets: Packet[] = [];
  readonly answers: Answer[] = [];
  /** How the connection ended, once it has. */
  ended: 'fin' | 'reset' | null = null;
  readonly #socket: Socket;
  readonly #url: string;
  readonly #account: Account | null;
  #pending = Buffer.alloc(0);
  #cseq = 0;
  #nonce = '';
  #session: string | null = null;

  private constructor(socket: Socket, url: string, account: Account | null) {
    this.#socket = socket;
    this.#url = url;
    this.#account = account;
    socket.on('data', (bytes: Buffer) => this.#receive(bytes));
    socket.on('end', () => {
      this.ended ??= 'fin';
    });
    socket.on('error', () => {
      this.ended ??= 'reset';
    });
  }

  /** Rejects when nobody listens. */
  static async open(urlWithoutUserinfo: string, account: Account | null = null): Promise<RawClient> {
    const socket = connect(Number(new URL(urlWithoutUserinfo).port), '127.0.0.1');
    await new Promise<void>((resolve, reject) => {
      socket.once('connect', resolve).once('error', reject);
    });
    return new RawClient(socket, urlWithoutUserinfo, account);
  }

  /** Resolves with the next answer that arrives. */
  async ask(method: string, track = '', headers: Readonly<Record<string, string>> = {}): Promise<Answer> {
    const url = `${this.#url}${track}`;
    this.#cseq += 1;
    const lines = [`${method} ${url} RTSP/1.0`, `CSeq: ${this.#cseq}`];
    if (this.#account !== null && this.#nonce !== '') {
      lines.push(`Authorization: ${digestAuthorization(this.#account, { method, uri: url, nonce: this.#nonce })}`);
    }
    if (this.#session !== null) lines.push(`Session: ${this.#session}`);
    for (const [name, value] of Object.entries(headers)) lines.push(`${name}: ${value}`);
    const known = this.answers.length;
    this.#socket.write(`${lines.join('\r\n')}\r\n\r\n`);
    await until(() => this.answers.length > known || this.ended !== null, `an answer to ${method}`);
    const answer = this.answers[known];
    if (answer === undefined) throw new Error('no answer');
    this.#nonce = /nonce="([^"]*)"/.exec(answer.headers.get('www-authenticate') ?? '')?.[1] ?? this.#nonce;
    this.#session = answer.headers.get('session')?.split(';')[0] ?? this.#session;
    return answer;
  }

  /** DESCRIBE (twice when asked to log in), SETUP of both tracks, PLAY; resolves with the last answer, or the first that is not 200. */
  async play(): Promise<Answer> {
    let answer = await this.ask('DESCRIBE');
    if (answer.status === 401 && this.#account !== null) answer = await this.ask('DESCRIBE');
    const steps = [
      () => this.ask('SETUP', '/track1', { Transport: 'RTP/AVP/TCP;unicast;interleaved=0-1' }),
      () => this.ask('SETUP', '/track2', { Transport: 'RTP/AVP/TCP;unicast;interleaved=2-3' }),
      () => this.ask('PLAY'),
    ];
    for (const step of steps) {
      if (answer.status !== 200) return answer;
      answer = await step();
    }
    return answer;
  }

  /** The stamps of the video frames that arrived. */
  get stamps(): readonly FrameStamp[] {
    return this.packetsOn(0).flatMap((packet) => findFrameStamp(packet.payload) ?? []);
  }

  get counters(): readonly number[] {
    return this.stamps.map((stamp) => stamp.counter);
  }

  packetsOn(channel: number): readonly Packet[] {
    return this.packets.filter((packet) => packet.channel === channel);
  }

  /** With TEARDOWN, unless the camera is quicker to end it. */
  async leave(): Promise<void> {
    const isEnded = (): boolean => this.ended !== null;
    if (!isEnded()) {
      await this.ask('TEARDOWN').catch((error: unknown) => {
        if (!isEnded()) throw error;
      });
    }
    this.vanish();
  }

  /** Vanishes without TEARDOWN. */
  vanish(): void {
    this.#socket.destroy();
  }

  #receive(bytes: Buffer): void {
    this.#pending = Buffer.concat([this.#pending, bytes]);
    while (this.#takePacket() || this.#takeAnswer());
  }

  #takePacket(): boolean {
    const bytes = this.#pending;
    if (bytes[0] !== 0x24 || bytes.length < 4 || bytes.length < 4 + bytes.readUInt16BE(2)) return false;
    const packet = bytes.subarray(4, 4 + bytes.readUInt16BE(2));
    this.packets.push({
      channel: bytes[1] ?? 0,
      sequence: packet.readUInt16BE(2),
      ticks: packet.readUInt32BE(4),
      hasMarker: ((packet[1] ?? 0) & 0x80) !== 0,
      payload: packet.subarray(12),
      bytes: packet,
    });
    this.#pending = bytes.subarray(4 + packet.length);
    return true;
  }

  #takeAnswer(): boolean {
    const end = this.#pending.indexOf('\r\n\r\n');
    if (this.#pending[0] === 0x24 || end < 0) return false;
    const [first = '', ...lines] = this.#pending.toString('utf8', 0, end).split('\r\n');
    const headers = new Map(
      lines.map((line) => [line.split(':')[0]?.toLowerCase() ?? '', line.slice(line.indexOf(':') + 2)]),
    );
    const bodyEnd = end + 4 + Number(headers.get('content-length') ?? 0);
    if (this.#pending.length < bodyEnd) return false;
    this.answers.push({
      status: Number(first.split(' ')[1]),
      headers,
      body: this.#pending.toString('utf8', end + 4, bodyEnd),
    });
    this.#pending = this.#pending.subarray(bodyEnd);
    return true;
  }
}

/** Rejects when it does not come true in time. */
export async function until(isTrue: () => boolean, what: string): Promise<void> {
  await waitFor(isTrue, { what, deadlineMs: 5_000, pollMs: 10 });
}
