type Numbers = Float64Array | Uint32Array | Int32Array | Uint8Array;

/** A list of numbers that grows in a typed array: eight, four or one byte a number and nothing to collect. */
export class NumberColumn {
  readonly #make: (length: number) => Numbers;
  #numbers: Numbers;
  #length = 0;
  constructor(make: (length: number) => Numbers) {
    this.#make = make;
    this.#numbers = make(64);
  }

  get length(): number {
    return this.#length;
  }

  /** @throws RangeError outside the list. */
  at(index: number): number {
    const value = index < this.#length ? this.#numbers[index] : undefined;
    if (value === undefined) throw new RangeError(`there is no number ${index} of ${this.#length}`);
    return value;
  }

  push(value: number): void {
    if (this.#length === this.#numbers.length) {
      const larger = this.#make(this.#length * 2);
      larger.set(this.#numbers);
      this.#numbers = larger;
    }
    this.#numbers[this.#length] = value;
    this.#length += 1;
  }
}

/** For decode times and file offsets: exact up to 2^53, which 32 bits would not hold. */
export const float64Column = (): NumberColumn => new NumberColumn((length) => new Float64Array(length));
/** For sizes and durations: 0 to 2^32 − 1; larger values wrap without a word, so the caller keeps below. */
export const uint32Column = (): NumberColumn => new NumberColumn((length) => new Uint32Array(length));
/** For composition offsets, which may be negative; values beyond ±2^31 wrap without a word. */
export const int32Column = (): NumberColumn => new NumberColumn((length) => new Int32Array(length));
/** For flags of one sample; values above 255 wrap without a word. */
export const uint8Column = (): NumberColumn => new NumberColumn((length) => new Uint8Array(length));
