import { expect, test } from 'vitest';
import { alawCounter, alawPacket } from '../../src/simulator/a-law.js';

test.each([0, 1, 15, 16, 123_456_789, 2 ** 32 - 1])('packet %i carries its number', (counter) => {
  expect(alawCounter(alawPacket(counter))).toBe(counter);
});

test('numbers beyond 32 bits start again', () => {
  expect(alawCounter(alawPacket(2 ** 32 + 5))).toBe(5);
});

test.each([
  ['too short', alawPacket(1).subarray(0, 7)],
  ['of another sound', new Uint8Array(320)],
])('a packet %s has no number', (_, packet) => {
  expect(alawCounter(packet)).toBeNull();
});

test('the number is as quiet as silence', () => {
  // The code without its alternate inversion: sign, exponent, mantissa. Exponent 0 is below 1 % of full scale.
  const exponents = [...alawPacket(0xffff_ffff).subarray(0, 8)].map((sample) => ((sample ^ 0x55) >> 4) & 0x07);
  expect(exponents).toEqual(exponents.map(() => 0));
});
