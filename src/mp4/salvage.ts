import { type BoxAt, boxAt } from './box-at.js';
import { Mp4Error } from './mp4-error.js';
import type { ReadAt } from './read-at.js';

/**
 * End of the last whole fragment of a torn or damaged recording, 0 when there is none. Trusts sizes and types of the
 * outermost boxes only, so it also answers for a file that the walker refuses.
 * @throws the source's own error
 */
export async function wholeFragmentBytes(source: ReadAt, sizeBytes: number): Promise<number> {
  let wholeBytes = 0;
  let isOpen = false;
  let box = await soundBoxAt(source, 0, sizeBytes);
  while (box !== null && box.endBytes <= sizeBytes) {
    if (box.type === 'mdat' && isOpen) wholeBytes = box.endBytes;
    isOpen = box.type === 'moof' || (isOpen && box.type !== 'mdat');
    box = await soundBoxAt(source, box.endBytes, sizeBytes);
  }
  return wholeBytes;
}

/** What comes before an impossible box is still good. */
async function soundBoxAt(source: ReadAt, offsetBytes: number, limitBytes: number): Promise<BoxAt | null> {
  try {
    return await boxAt(source, offsetBytes, limitBytes);
  } catch (error) {
    if (error instanceof Mp4Error) return null;
    throw error;
  }
}
