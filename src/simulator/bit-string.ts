/** Writes the payload of a NAL unit bit by bit (H.264, 7.2 and 9.1). */
export class BitWriter {
  readonly #bytes: number[] = [];
  #pending = 0;
  #pendingBits = 0;

  /** Up to 31 bits, most significant first. */
  bits(value: number, count: number): void {
    for (let index = count - 1; index >= 0; index -= 1) this.#bit((value >>> index) & 1);
  }

  /** Exp-Golomb, `ue(v)`. */
  unsigned(value: number): void {
    const length = 32 - Math.clz32(value + 1);
    this.bits(0, length - 1);
    this.bits(value + 1, length);
  }

  alignWithZeros(): void {
    while (this.#pendingBits > 0) this.#bit(0);
  }

  /** Only where bytes begin. */
  bytes(bytes: Uint8Array): void {
    for (const byte of bytes) this.#bytes.push(byte);
  }

  /** Adds the stop bit; `header` is the first byte of the NAL unit. */
  toNal(header: number): Buffer {
    this.#bit(1);
    this.alignWithZeros();
    return escapeNal(header, this.#bytes);
  }

  #bit(bit: number): void {
    this.#pending = (this.#pending << 1) | bit;
    this.#pendingBits += 1;
    if (this.#pendingBits < 8) return;
    this.#bytes.push(this.#pending);
    this.#pending = 0;
    this.#pendingBits = 0;
  }
}

/** Reads the payload of a NAL unit; past its end all bits are 0. */
export class BitReader {
  readonly #bytes: readonly number[];
  #position = 0;

  constructor(nal: Uint8Array) {
    this.#bytes = unescapePayload(nal);
  }

  /** Without the stop bit and the zeros behind it. */
  get bitsLeft(): number {
    const last = this.#bytes.at(-1) ?? 0x80;
    const stuffing = 31 - Math.clz32(last & -last);
    return this.#bytes.length * 8 - stuffing - 1 - this.#position;
  }

  bits(count: number): number {
    let value = 0;
    for (let index = 0; index < count; index += 1) {
      const byte = this.#bytes[this.#position >> 3] ?? 0;
      value = value * 2 + ((byte >> (7 - (this.#position & 7))) & 1);
      this.#position += 1;
    }
    return value;
  }

  /** Exp-Golomb, `ue(v)`, of at most 32 leading zeros. */
  unsigned(): number {
    let zeros = 0;
    while (zeros < 32 && this.bits(1) === 0) zeros += 1;
    return 2 ** zeros - 1 + this.bits(zeros);
  }
}

/** No start code may come about inside a NAL unit (H.264, 7.4.1). */
function escapeNal(header: number, payload: readonly number[]): Buffer {
  const escaped = [header];
  let zeros = 0;
  for (const byte of payload) {
    if (zeros >= 2 && byte <= 3) {
      escaped.push(3);
      zeros = 0;
    }
    escaped.push(byte);
    zeros = byte === 0 ? zeros + 1 : 0;
  }
  return Buffer.from(escaped);
}

function unescapePayload(nal: Uint8Array): readonly number[] {
  const payload: number[] = [];
  let zeros = 0;
  for (const byte of nal.subarray(1)) {
    if (zeros >= 2 && byte === 3) {
      zeros = 0;
      continue;
    }
    payload.push(byte);
    zeros = byte === 0 ? zeros + 1 : 0;
  }
  return payload;
}
