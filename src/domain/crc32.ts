/**
 * Arithmetic on CRC-32 values (the zlib, S3 and PNG one, reflected polynomial 0xEDB88320).
 * The checksum of bytes themselves is `crc32` of `node:zlib`.
 */
const POLYNOMIAL = 0xedb88320;
const ONE = 0x80000000;

/** x^(2^n) modulo the polynomial, n = 0…31; from there on the powers repeat. */
const SQUARES = (() => {
  const powers = [0x40000000];
  for (let n = 1; n < 32; n += 1) {
    const last = powers[n - 1] ?? 0;
    powers.push(multiply(last, last));
  }
  return powers;
})();

/** The checksum of a ‖ b from the checksums of a and b and the length of b; ~1 µs, whatever the length. */
export function crc32Combine(crcOfA: number, crcOfB: number, sizeOfBBytes: number): number {
  return (multiply(powerOfX(sizeOfBBytes), crcOfA >>> 0) ^ crcOfB) >>> 0;
}

/** Eight hex digits, as sidecars and metadata carry it. */
export function crc32Hex(crc: number): string {
  return (crc >>> 0).toString(16).padStart(8, '0');
}

/** Product of two polynomials modulo ours; bit 31 is the coefficient of x^0. */
function multiply(a: number, b: number): number {
  let product = 0;
  let factor = b;
  for (let bit = ONE; bit !== 0; bit >>>= 1) {
    if ((a & bit) !== 0) product ^= factor;
    factor = (factor & 1) === 1 ? (factor >>> 1) ^ POLYNOMIAL : factor >>> 1;
  }
  return product >>> 0;
}

/** x^(8 · sizeBytes) modulo the polynomial: what appending that many zero bytes does to a checksum. */
function powerOfX(sizeBytes: number): number {
  let power = ONE;
  let rest = BigInt(sizeBytes);
  for (let square = 3; rest > 0n; square += 1) {
    if ((rest & 1n) === 1n) power = multiply(SQUARES[square & 31] ?? 0, power);
    rest >>= 1n;
  }
  return power;
}
