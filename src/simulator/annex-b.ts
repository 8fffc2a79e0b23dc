/** One coded picture: its NAL units without start codes, parameter sets included, the encoder's own SEI left out. */
export interface AccessUnit {
  readonly nals: readonly Buffer[];
  readonly isKey: boolean;
}

const NAL_IDR = 5;
const NAL_SEI = 6;
const NAL_AUD = 9;

/** Splits an H.264 byte stream into pictures. The NAL units are views of `bytes`, nothing is copied. */
export function splitAccessUnits(bytes: Buffer): readonly AccessUnit[] {
  const units: { nals: Buffer[]; isKey: boolean }[] = [];
  let pending: Buffer[] = [];
  for (const nal of splitNals(bytes)) {
    const type = nalType(nal);
    if (type === NAL_SEI || type === NAL_AUD) continue;
    if (!isSlice(nal)) {
      pending.push(nal);
      continue;
    }
    // first_mb_in_slice = 0 is coded as a single 1 bit, so the first slice of a picture has the top bit set.
    if (((nal[1] ?? 0) & 0x80) !== 0) units.push({ nals: [...pending], isKey: type === NAL_IDR });
    units.at(-1)?.nals.push(nal);
    pending = [];
  }
  return units;
}

/** H.264's `nal_unit_type`, of a unit without its start code; 0 for an empty one. */
export function nalType(nal: Uint8Array): number {
  return (nal[0] ?? 0) & 0x1f;
}

/** Whether it holds a part of the picture: types 1 to 5. */
export function isSlice(nal: Uint8Array): boolean {
  return nalType(nal) >= 1 && nalType(nal) <= NAL_IDR;
}

function* splitNals(bytes: Buffer): Generator<Buffer> {
  const startCode = Buffer.from([0, 0, 1]);
  let from = bytes.indexOf(startCode);
  while (from >= 0) {
    const next = bytes.indexOf(startCode, from + 3);
    let end = next < 0 ? bytes.length : next;
    // A four-byte start code, or trailing zeros, belong to no NAL unit.
    while (end > from + 3 && bytes[end - 1] === 0) end -= 1;
    if (end > from + 3) yield bytes.subarray(from + 3, end);
    from = next;
  }
}
