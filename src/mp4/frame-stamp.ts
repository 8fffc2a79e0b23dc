/**
 * The mark that a simulated camera puts into every frame, so that loss and duplication are counted and not guessed:
 * an SEI message user_data_unregistered (ITU-T H.264 D.1.6, H.265 D.2.6) with our UUID, then 12 digits of frame
 * counter and 17 digits of send time, all ASCII, so that no emulation prevention byte is ever needed.
 */
export interface FrameStamp {
  /** Number of the frame since the camera was switched on. */
  readonly counter: number;
  /** When the camera sent it, microseconds UTC. */
  readonly sentAtUs: number;
}

/** No zero byte, so that it looks the same inside and outside a NAL unit. */
const STAMP_UUID = Buffer.from('8d1f6ce2b37a4f599ec45a71d0267b3e', 'hex');
const COUNTER_DIGITS = 12;
const SENT_AT_DIGITS = 17;
const TEXT_BYTES = COUNTER_DIGITS + SENT_AT_DIGITS;
const USER_DATA_UNREGISTERED = 5;
const STOP_BIT = 0x80;
/** nal_unit_type 6 (SEI); in H.265 type 39 (prefix SEI), layer 0, temporal id 0. */
const NAL_HEADER = { h264: [0x06], hevc: [0x4e, 0x01] } as const;

/** A whole SEI NAL unit without start code or length. @throws RangeError for a number with too many digits. */
export function encodeFrameStamp(stamp: FrameStamp, codec: 'h264' | 'hevc' = 'h264'): Uint8Array {
  const text = digits(stamp.counter, COUNTER_DIGITS) + digits(stamp.sentAtUs, SENT_AT_DIGITS);
  const payloadBytes = STAMP_UUID.length + TEXT_BYTES;
  return Buffer.concat([
    Uint8Array.from([...NAL_HEADER[codec], USER_DATA_UNREGISTERED, payloadBytes]),
    STAMP_UUID,
    Buffer.from(text, 'latin1'),
    Uint8Array.of(STOP_BIT),
  ]);
}

/** The first stamp in the bytes, whatever is around it (start codes, lengths, a cut end); null when there is none. */
export function findFrameStamp(accessUnit: Uint8Array): FrameStamp | null {
  const bytes = Buffer.from(accessUnit.buffer, accessUnit.byteOffset, accessUnit.byteLength);
  const at = bytes.indexOf(STAMP_UUID);
  if (at === -1) return null;
  const textAt = at + STAMP_UUID.length;
  const text = bytes.toString('latin1', textAt, textAt + TEXT_BYTES);
  if (!/^\d{29}$/.test(text)) return null;
  return { counter: Number(text.slice(0, COUNTER_DIGITS)), sentAtUs: Number(text.slice(COUNTER_DIGITS)) };
}

function digits(value: number, count: number): string {
  const text = String(value);
  if (!Number.isSafeInteger(value) || value < 0 || text.length > count) {
    throw new RangeError(`${text} does not fit into ${count} digits`);
  }
  return text.padStart(count, '0');
}
