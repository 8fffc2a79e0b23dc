import { Mp4Error } from './mp4-error.js';

/** Reads the bits of a NAL unit's payload, without its emulation prevention bytes. @throws Mp4Error `bad-box` beyond the end. */
export class BitReader {
  readonly #bytes: readonly number[];
  #at = 0;
  constructor(payload: Uint8Array) {
    this.#bytes = withoutEmulation(payload);
  }

  /** Up to 32 bits as one number. */
  bits(count: number): number {
    let value = 0;
    for (let left = count; left > 0; left -= 1) value = value * 2 + this.#bit();
    return value;
  }

  flag(): boolean {
    return this.#bit() === 1;
  }

  skip(count: number): this {
    this.#at += count;
    return this;
  }

  /** Unsigned Exp-Golomb code. */
  ue(): number {
    let zeros = 0;
    while (!this.flag()) {
      zeros += 1;
      if (zeros > 31) throw new Mp4Error('bad-box', 'a parameter set holds an impossible number');
    }
    return 2 ** zeros - 1 + this.bits(zeros);
  }

  /** Signed Exp-Golomb code. */
  se(): number {
    const code = this.ue();
    return code % 2 === 1 ? (code + 1) / 2 : -code / 2;
  }

  #bit(): number {
    const byte = this.#bytes[this.#at >> 3];
    if (byte === undefined) throw new Mp4Error('bad-box', 'a parameter set ends too early');
    const bit = (byte >> (7 - (this.#at & 7))) & 1;
    this.#at += 1;
    return bit;
  }
}

/** 00 00 03 stands for 00 00. */
function withoutEmulation(payload: Uint8Array): readonly number[] {
  const bytes: number[] = [];
  let zeros = 0;
  for (const byte of payload) {
    const isPrevention = zeros >= 2 && byte === 3;
    zeros = byte === 0 ? zeros + 1 : 0;
    if (!isPrevention) bytes.push(byte);
  }
  return bytes;
}
