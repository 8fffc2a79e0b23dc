/** 40 ms of 8 kHz, as Tapo cameras send it. */
export const AUDIO_PACKET = { durationMs: 40, samples: 320, clockRateHz: 8_000 } as const;

const COUNTER_NIBBLES = 8;
/** A-law inverts every other bit on the wire. */
const INVERT = 0x55;
const TONE_HZ = 400;
/** Of 32767: soft. */
const TONE_PEAK = 1_200;

/**
 * Packet number `counter` of a quiet endless tone. The first eight samples carry the counter, four bits in the mantissa of each, so that
 * they are as good as silence to a listener and can still be counted when the samples are copied.
 */
export function alawPacket(counter: number): Uint8Array {
  const packet = TONE.slice();
  for (let index = 0; index < COUNTER_NIBBLES; index += 1) {
    const nibble = Math.floor(counter / 16 ** (COUNTER_NIBBLES - 1 - index)) % 16;
    packet[index] = (0x80 | nibble) ^ INVERT;
  }
  return packet;
}

/** The counter modulo 2^32; null when the samples do not start with one. */
export function alawCounter(packet: Uint8Array): number | null {
  let counter = 0;
  for (const sample of packet.subarray(0, COUNTER_NIBBLES)) {
    const code = sample ^ INVERT;
    if ((code & 0xf0) !== 0x80) return null;
    counter = counter * 16 + (code & 0x0f);
  }
  return packet.length < COUNTER_NIBBLES ? null : counter;
}

/** ITU-T G.711. */
function encodeAlaw(sample: number): number {
  const sign = sample >= 0 ? 0x80 : 0;
  const magnitude = Math.min(0x7fff, Math.abs(Math.round(sample)));
  const exponent = Math.max(0, Math.floor(Math.log2(Math.max(magnitude, 1))) - 7);
  const mantissa = exponent === 0 ? magnitude >> 4 : (magnitude >> (exponent + 3)) & 0x0f;
  return (sign | (exponent << 4) | mantissa) ^ INVERT;
}

// Sixteen whole periods fit a packet, so that the packets join without a click.
const TONE = Uint8Array.from({ length: AUDIO_PACKET.samples }, (_, index) =>
  encodeAlaw(TONE_PEAK * Math.sin((2 * Math.PI * TONE_HZ * index) / AUDIO_PACKET.clockRateHz)),
);
