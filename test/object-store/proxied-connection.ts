import { connect, type Socket } from 'node:net';
import { TLSSocket } from 'node:tls';
import type { Fault, ProxySide } from './fault-proxy.js';

const REQUEST_LINE = /^(?:GET|HEAD|PUT|POST|DELETE) \S+ HTTP\/1\.1/;
/** Longer than the head of any request or answer here. */
const HEAD_BYTES = 4_000;

/** One client's connection through the proxy, and the fault its present request has met. */
export class ProxiedConnection {
  readonly #client: Socket;
  readonly #upstream: Socket;
  readonly #side: ProxySide;
  #fault: Fault | undefined;
  /** Of the present request. */
  #passedBytes = 0;
  #answeredBytes = 0;
  #held: Buffer[] = [];
  #expectedBytes = 0;
  #resting: NodeJS.Timeout | undefined;

  constructor(client: Socket, side: ProxySide) {
    this.#client = client;
    this.#side = side;
    this.#upstream = connect(Number(side.target.port), side.target.hostname);
    for (const socket of [this.#client, this.#upstream]) {
      socket.on('error', () => {});
      socket.on('close', () => this.#end());
    }
    client.on('data', (chunk) => this.#ask(chunk));
    this.#upstream.on('data', (chunk) => this.#answer(chunk));
  }

  cut(): void {
    // Node resets no TLS connection.
    if (this.#client instanceof TLSSocket) this.#client.destroy();
    else this.#client.resetAndDestroy();
    this.#upstream.destroy();
  }

  #end(): void {
    clearTimeout(this.#resting);
    this.#client.destroy();
    this.#upstream.destroy();
  }

  #ask(chunk: Buffer): void {
    this.#side.count(chunk.length);
    if (this.#side.isFrozen()) return void this.#client.pause();
    this.#noteRequest(chunk);
    const fault = this.#fault;
    const allowedBytes = fault !== undefined && 'afterBytes' in fault ? (fault.afterBytes ?? 0) : 0;
    switch (fault?.kind) {
      case 'reset':
      case 'down':
      case 'stall':
      case 'freeze':
        return this.#askUpTo(allowedBytes, chunk, fault);
      case 'buffer':
      case 'answer':
        return this.#hold(chunk, fault);
      case 'slow':
        this.#client.pause();
        this.#resting = setTimeout(() => this.#client.resume(), (chunk.length / fault.bytesPerSec) * 1_000);
        break;
      default:
    }
    this.#upstream.write(chunk);
  }

  #noteRequest(chunk: Buffer): void {
    const head = chunk.subarray(0, HEAD_BYTES).toString('latin1');
    const line = REQUEST_LINE.exec(head)?.[0];
    if (line === undefined) return;
    this.#fault = this.#side.faultFor(line);
    this.#passedBytes = 0;
    this.#answeredBytes = 0;
    this.#held = [];
    const headBytes = head.indexOf('\r\n\r\n') + 4;
    this.#expectedBytes = headBytes + Number(/\r\ncontent-length: (\d+)/i.exec(head)?.[1] ?? 0);
  }

  #askUpTo(allowedBytes: number, chunk: Buffer, fault: Fault): void {
    const passing = chunk.subarray(0, Math.max(0, allowedBytes - this.#passedBytes));
    this.#passedBytes += chunk.length;
    if (passing.length > 0) this.#upstream.write(passing);
    if (passing.length === chunk.length) return;
    if (fault.kind === 'reset') this.cut();
    if (fault.kind === 'down') this.#side.goDown();
    if (fault.kind === 'stall') this.#client.pause();
    if (fault.kind === 'freeze') {
      this.#side.freeze();
      this.#client.pause();
    }
    fault.onFire?.();
  }

  #hold(chunk: Buffer, fault: Fault): void {
    this.#held.push(chunk);
    this.#passedBytes += chunk.length;
    if (this.#passedBytes < this.#expectedBytes) return;
    if (fault.kind === 'answer') this.#client.end(fault.answer);
    else this.#upstream.write(Buffer.concat(this.#held));
    this.#held = [];
    fault.onFire?.();
  }

  #answer(chunk: Buffer): void {
    if (this.#side.isFrozen()) return;
    const fault = this.#fault;
    const isFirst = this.#answeredBytes === 0;
    this.#answeredBytes += chunk.length;
    switch (fault?.kind) {
      case 'lose-answer':
        this.cut();
        return fault.onFire?.();
      case 'freeze-answer':
        this.#side.freeze();
        return fault.onFire?.();
      case 'stall-answer':
        if (this.#answeredBytes > (fault.afterBytes ?? 0)) return void this.#upstream.pause();
        break;
      case 'edit-answer':
        if (isFirst) return void this.#client.write(edited(chunk, fault.edit));
        break;
      default:
    }
    this.#client.write(chunk);
  }
}

function edited(chunk: Buffer, edit: (head: string) => string): Buffer {
  const headBytes = chunk.indexOf('\r\n\r\n');
  const head = chunk.subarray(0, headBytes).toString('latin1');
  return Buffer.concat([Buffer.from(edit(head), 'latin1'), chunk.subarray(headBytes)]);
}
