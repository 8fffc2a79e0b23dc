import { type BoxAt, wholeBoxes } from './box-at.js';
import { Mp4Error } from './mp4-error.js';
import type { ReadAt } from './read-at.js';

export interface RecordingRange {
  readonly offsetBytes: number;
  readonly sizeBytes: number;
}

/** The recording inside a sealed object: the payload of its single top-level mdat, which is its last box. @throws Mp4Error `no-recording` */
export async function locateRecording(source: ReadAt, sizeBytes: number): Promise<RecordingRange> {
  const mdats: BoxAt[] = [];
  let endBytes = 0;
  for await (const box of wholeBoxes(source, sizeBytes)) {
    if (box.type === 'mdat') mdats.push(box);
    endBytes = box.endBytes;
  }
  const [mdat, second] = mdats;
  if (mdat === undefined || second !== undefined || mdat.endBytes !== endBytes || endBytes !== sizeBytes) {
    throw new Mp4Error('no-recording', `not a sealed object: ${mdats.length} mdat boxes, whole up to ${endBytes}`);
  }
  return { offsetBytes: mdat.offsetBytes + mdat.headerBytes, sizeBytes: mdat.sizeBytes - mdat.headerBytes };
}
