import { Mp4Error } from './mp4-error.js';

/** Writes big-endian fields one after the other. @throws Mp4Error `bad-box` for a number that does not fit. */
export class FieldWriter {
  #view = new DataView(new ArrayBuffer(256));
  #at = 0;

  // Growing replaces the view, so it always comes first.
  u16(value: number): this {
    const at = this.#grow(2);
    this.#view.setUint16(at, fitting(value, 0, 0xffff));
    return this;
  }

  u32(value: number): this {
    const at = this.#grow(4);
    this.#view.setUint32(at, fitting(value, 0, 0xffff_ffff));
    return this;
  }

  i32(value: number): this {
    const at = this.#grow(4);
    this.#view.setInt32(at, fitting(value, -0x8000_0000, 0x7fff_ffff));
    return this;
  }

  u64(value: number): this {
    fitting(value, 0, Number.MAX_SAFE_INTEGER);
    return this.u32(Math.floor(value / 2 ** 32)).u32(value % 2 ** 32);
  }

  /** -1 or not negative: all that an edit list needs. */
  i64(value: number): this {
    return value === -1 ? this.u32(0xffff_ffff).u32(0xffff_ffff) : this.u64(value);
  }

  bytes(bytes: Uint8Array): this {
    const at = this.#grow(bytes.length);
    new Uint8Array(this.#view.buffer).set(bytes, at);
    return this;
  }

  /** What was written; the writer is then used up. */
  done(): Uint8Array {
    return new Uint8Array(this.#view.buffer, 0, this.#at);
  }

  #grow(count: number): number {
    const at = this.#at;
    this.#at += count;
    if (this.#at > this.#view.byteLength) {
      const larger = new Uint8Array(Math.max(this.#at, this.#view.byteLength * 2));
      larger.set(new Uint8Array(this.#view.buffer));
      this.#view = new DataView(larger.buffer);
    }
    return at;
  }
}

/** A box around its parts. */
export function box(type: string, ...parts: readonly Uint8Array[]): Uint8Array {
  const sizeBytes = parts.reduce((sum, part) => sum + part.length, 8);
  const header = new FieldWriter().u32(sizeBytes).bytes(typeBytes(type));
  return Buffer.concat([header.done(), ...parts], sizeBytes);
}

/** A box whose content opens with version and flags. */
export function fullBox(type: string, version: number, flags: number, fields: FieldWriter): Uint8Array {
  return box(type, new FieldWriter().u32(version * 2 ** 24 + flags).done(), fields.done());
}

/** Header of an mdat box around `contentBytes` bytes: 8 bytes, or 16 with a 64-bit size. */
export function mdatHeader(contentBytes: number, isLarge: boolean): Uint8Array {
  const fields = new FieldWriter();
  if (isLarge)
    return fields
      .u32(1)
      .bytes(typeBytes('mdat'))
      .u64(contentBytes + 16)
      .done();
  return fields
    .u32(contentBytes + 8)
    .bytes(typeBytes('mdat'))
    .done();
}

function typeBytes(type: string): Uint8Array {
  return Buffer.from(type, 'latin1');
}

function fitting(value: number, least: number, most: number): number {
  if (Number.isInteger(value) && value >= least && value <= most) return value;
  throw new Mp4Error('bad-box', `${value} does not fit between ${least} and ${most}`);
}
