import { BitReader } from './bit-reader.js';
import { Mp4Error } from './mp4-error.js';

/** What a sequence parameter set says of the picture: the part that no decoder can be wrong about. */
export interface SpsPicture {
  readonly profile: number;
  readonly chromaFormat: number;
  /** As coded, cropping not applied. */
  readonly widthPx: number;
  readonly heightPx: number;
}

/** Profiles whose SPS has chroma, bit depth and scaling fields (ITU-T H.264 7.3.2.1.1). */
const HIGH_PROFILES = new Set([100, 110, 122, 244, 44, 83, 86, 118, 128, 138, 139, 134, 135]);
const CHROMA_444 = 3;
const CHROMA_420 = 1;

/** Null when the NAL unit cannot be read as an SPS. */
export function spsPictureOf(unit: Uint8Array, codec: 'h264' | 'hevc'): SpsPicture | null {
  try {
    return codec === 'h264'
      ? h264Picture(new BitReader(unit.subarray(1)))
      : hevcPicture(new BitReader(unit.subarray(2)));
  } catch (error) {
    if (error instanceof Mp4Error) return null;
    throw error;
  }
}

function h264Picture(bits: BitReader): SpsPicture {
  const profile = bits.bits(8);
  bits.skip(16).ue();
  const chromaFormat = HIGH_PROFILES.has(profile) ? highProfileFields(bits) : CHROMA_420;
  bits.ue(); // log2_max_frame_num
  skipPictureOrder(bits);
  bits.ue(); // max_num_ref_frames
  bits.skip(1);
  const widthPx = (bits.ue() + 1) * 16;
  const mapUnits = bits.ue() + 1;
  const heightPx = mapUnits * (bits.flag() ? 16 : 32);
  return { profile, chromaFormat, widthPx, heightPx };
}

function highProfileFields(bits: BitReader): number {
  const chromaFormat = bits.ue();
  if (chromaFormat === CHROMA_444) bits.skip(1);
  bits.ue(); // bit depths
  bits.ue();
  bits.skip(1);
  const hasScaling = bits.flag();
  const lists = chromaFormat === CHROMA_444 ? 12 : 8;
  for (let list = 0; hasScaling && list < lists; list += 1) if (bits.flag()) skipScalingList(bits, list < 6 ? 16 : 64);
  return chromaFormat;
}

function skipScalingList(bits: BitReader, size: number): void {
  let scale = 8;
  for (let entry = 0; entry < size && scale !== 0; entry += 1) scale = (scale + bits.se() + 256) % 256;
}

function skipPictureOrder(bits: BitReader): void {
  const type = bits.ue();
  if (type === 0) bits.ue();
  if (type !== 1) return;
  bits.skip(1);
  bits.ue();
  bits.ue();
  for (let left = bits.ue(); left > 0; left -= 1) bits.ue();
}

function hevcPicture(bits: BitReader): SpsPicture {
  const subLayers = bits.skip(4).bits(3);
  const profile = bits.skip(1 + 3).bits(5);
  // The rest of the general profile, and its level.
  bits.skip(32 + 48 + 8);
  skipSubLayers(bits, subLayers);
  bits.ue();
  const chromaFormat = bits.ue();
  if (chromaFormat === CHROMA_444) bits.skip(1);
  return { profile, chromaFormat, widthPx: bits.ue(), heightPx: bits.ue() };
}

function skipSubLayers(bits: BitReader, subLayers: number): void {
  if (subLayers === 0) return;
  const present = Array.from({ length: 8 }, () => ({ profile: bits.flag(), level: bits.flag() }));
  for (const layer of present.slice(0, subLayers)) bits.skip((layer.profile ? 88 : 0) + (layer.level ? 8 : 0));
}
