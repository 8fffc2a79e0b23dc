import { BitReader, BitWriter } from './bit-string.js';
import { SimulatorError } from './simulator-error.js';

/** What a sequence parameter set says that a slice header depends on. */
export interface Sequence {
  /** The set itself, for the taller picture. */
  readonly sps: Buffer;
  readonly frameNumBits: number;
}

const MAIN_PROFILE = 77;
/** `constraint_set1_flag`: what follows keeps to the Main profile. */
const MAIN_CONSTRAINT = 0x40;

/**
 * The parameter set of a scene, made to speak of a picture of `heightPx`, of whose last row of macroblocks only a part may be seen. It names
 * the Main profile as cameras do, though x264 writes Baseline for want of CABAC.
 * @throws SimulatorError `picture-unreadable` for one that our encoder settings do not make.
 */
export function growSequence(sps: Buffer, heightPx: number): Sequence {
  const from = new BitReader(sps);
  const to = new BitWriter();
  const copy = (): number => {
    const value = from.unsigned();
    to.unsigned(value);
    return value;
  };
  from.bits(16);
  to.bits(MAIN_PROFILE, 8);
  to.bits(MAIN_CONSTRAINT, 8);
  to.bits(from.bits(8), 8);
  copy();
  const frameNumBits = copy() + 4;
  if (copy() !== 2) throw new SimulatorError('picture-unreadable', 'the picture has an output order of its own');
  copy();
  to.bits(from.bits(1), 1);
  copy();
  from.unsigned();
  const rows = Math.ceil(heightPx / 16);
  to.unsigned(rows - 1);
  copyRest(from, to, rows * 16 - heightPx);
  return { sps: to.toNal(sps[0] ?? 0), frameNumBits };
}

function copyRest(from: BitReader, to: BitWriter, hiddenPx: number): void {
  to.bits(from.bits(2), 2);
  if (from.bits(1) !== 0) throw new SimulatorError('picture-unreadable', 'the picture is cropped already');
  to.bits(hiddenPx > 0 ? 1 : 0, 1);
  // Left, right, top, bottom, in pairs of rows.
  if (hiddenPx > 0) for (const pairs of [0, 0, 0, hiddenPx / 2]) to.unsigned(pairs);
  while (from.bitsLeft > 0) to.bits(from.bits(1), 1);
}

/** What all slices of one picture have in common. */
export interface SliceHead {
  /** First byte of the NAL unit. */
  readonly nalHeader: number;
  readonly isKey: boolean;
  readonly type: number;
  readonly ppsId: number;
  readonly frameNum: number;
  readonly frameNumBits: number;
  /** Only a keyframe's is written. */
  readonly idrPicId: number;
}

/** Longer than the fields read here can be. */
const HEAD_BYTES = 24;

/** Reads up to `idr_pic_id` only. `frameNumBits` is what the sequence parameter set says; with another number the rest is nonsense. */
export function readSliceHead(nal: Buffer, isKey: boolean, frameNumBits: number): SliceHead {
  const reader = new BitReader(nal.subarray(0, HEAD_BYTES));
  reader.unsigned();
  const type = reader.unsigned();
  const ppsId = reader.unsigned();
  const frameNum = reader.bits(frameNumBits);
  const idrPicId = isKey ? reader.unsigned() : 0;
  return { nalHeader: nal[0] ?? 0, isKey, type, ppsId, frameNum, frameNumBits, idrPicId };
}

/** A slice header without prediction weights, with the filter across blocks off and the picture's own quantiser. */
export function writeSliceHead(to: BitWriter, head: SliceHead, firstMacroblock: number): void {
  to.unsigned(firstMacroblock);
  to.unsigned(head.type);
  to.unsigned(head.ppsId);
  to.bits(head.frameNum, head.frameNumBits);
  if (head.isKey) to.unsigned(head.idrPicId);
  // A P slice: default number and order of references; then marking of references: none.
  to.bits(0, head.isKey ? 2 : 3);
  to.unsigned(0);
  to.unsigned(1);
}
