import { Mp4Error } from './mp4-error.js';

/** A box in memory; both views share the bytes it was read from. */
export interface Box {
  readonly type: string;
  /** With its header, for copying. */
  readonly whole: Uint8Array;
  /** After its header. */
  readonly content: Uint8Array;
}

/** Reads big-endian fields one after the other. @throws Mp4Error `bad-box` beyond the end. */
export class BoxCursor {
  readonly #view: DataView;
  #at: number;
  constructor(bytes: Uint8Array, offsetBytes = 0) {
    this.#view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    this.#at = offsetBytes;
  }

  get remainingBytes(): number {
    return this.#view.byteLength - this.#at;
  }

  u8(): number {
    return this.#view.getUint8(this.#take(1));
  }

  u16(): number {
    return this.#view.getUint16(this.#take(2));
  }

  u32(): number {
    return this.#view.getUint32(this.#take(4));
  }

  i32(): number {
    return this.#view.getInt32(this.#take(4));
  }

  /** @throws Mp4Error `bad-box` above 2^53 - 1. */
  u64(): number {
    return this.#safe(this.u32() * 2 ** 32 + this.u32());
  }

  i64(): number {
    return this.#safe(this.i32() * 2 ** 32 + this.u32());
  }

  /** Version and flags that open a full box. */
  versionAndFlags(): { readonly version: number; readonly flags: number } {
    const word = this.u32();
    return { version: word >>> 24, flags: word & 0xff_ffff };
  }

  bytes(count: number): Uint8Array {
    const at = this.#take(count);
    return new Uint8Array(this.#view.buffer, this.#view.byteOffset + at, count);
  }

  skip(count: number): this {
    this.#take(count);
    return this;
  }

  #take(count: number): number {
    const at = this.#at;
    if (count > this.remainingBytes) throw new Mp4Error('bad-box', `a box ends ${count} bytes too early`);
    this.#at += count;
    return at;
  }

  #safe(value: number): number {
    if (!Number.isSafeInteger(value)) throw new Mp4Error('bad-box', 'a 64-bit field is beyond 2^53');
    return value;
  }
}

/** The boxes that lie side by side in the bytes. @throws Mp4Error `bad-box` */
export function boxesIn(bytes: Uint8Array): readonly Box[] {
  const boxes: Box[] = [];
  for (let at = 0; bytes.length - at >= 8; ) {
    const header = readBoxHeader(bytes.subarray(at));
    if (header === null || at + header.sizeBytes > bytes.length) {
      throw new Mp4Error('bad-box', 'a box reaches beyond the one around it');
    }
    const whole = bytes.subarray(at, at + header.sizeBytes);
    boxes.push({ type: header.type, whole, content: whole.subarray(header.headerBytes) });
    at += header.sizeBytes;
  }
  return boxes;
}

/** The first box of that type, or null. */
export function findBox(boxes: readonly Box[], type: string): Box | null {
  return boxes.find((box) => box.type === type) ?? null;
}

/** @throws Mp4Error `bad-box` when it is missing. */
export function requireBox(boxes: readonly Box[], type: string): Box {
  const box = findBox(boxes, type);
  if (box === null) throw new Mp4Error('bad-box', `there is no ${type} box where one must be`);
  return box;
}

/** What opens every box, as `readBoxHeader` checked it: a size is never smaller than the header itself. */
export interface BoxHeader {
  readonly type: string;
  /** 8, or 16 with a 64-bit size. */
  readonly headerBytes: number;
  /** Header included. */
  readonly sizeBytes: number;
}

/** Reads size and type; null when there are too few bytes to tell. @throws Mp4Error `bad-box` for a size below its own header. */
export function readBoxHeader(bytes: Uint8Array): BoxHeader | null {
  if (bytes.length < 8) return null;
  const cursor = new BoxCursor(bytes);
  const size32 = cursor.u32();
  const type = fourCc(cursor.bytes(4));
  if (size32 !== 1) return checked({ type, headerBytes: 8, sizeBytes: size32 });
  if (bytes.length < 16) return null;
  return checked({ type, headerBytes: 16, sizeBytes: cursor.u64() });
}

/** Four bytes as text; one character a byte. */
export function fourCc(bytes: Uint8Array): string {
  return String.fromCharCode(...bytes);
}

function checked(header: BoxHeader): BoxHeader {
  if (header.sizeBytes >= header.headerBytes) return header;
  throw new Mp4Error('bad-box', `a box ${JSON.stringify(header.type)} has an impossible size of ${header.sizeBytes}`);
}
