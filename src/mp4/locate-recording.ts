import { wholeBoxes } from './box-at.js';
import { isCoverageBox } from './coverage-box.js';
import { Mp4Error } from './mp4-error.js';
import type { ReadAt } from './read-at.js';

interface RecordingRange {
  readonly offsetBytes: number;
  readonly sizeBytes: number;
}

/**
 * The recording inside a sealed object: the payload of its single top-level mdat, which comes after our box and is the
 * last one. Reads headers only.
 * @throws Mp4Error `no-recording` for anything else, a remux and a recording included
 */
export async function locateRecording(source: ReadAt, sizeBytes: number): Promise<RecordingRange> {
  let isSealed = false;
  for await (const box of wholeBoxes(source, sizeBytes)) {
    isSealed ||= await isCoverageBox(source, box);
    if (box.type !== 'mdat') continue;
    if (!isSealed || box.endBytes !== sizeBytes) break;
    return { offsetBytes: box.offsetBytes + box.headerBytes, sizeBytes: box.sizeBytes - box.headerBytes };
  }
  throw new Mp4Error('no-recording', `no sealed object: ${sizeBytes} bytes without our box and one mdat up to the end`);
}
