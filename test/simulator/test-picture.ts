import { fileURLToPath } from 'node:url';
import { loadPicture, type Picture, type PictureName } from '../../src/simulator/picture.js';
import { toolPath } from '../support/tools.js';

/** The picture for simulated cameras in tests, made once per checkout (`small`: 2 s). */
export function testPicture(name: PictureName = 'small'): Promise<Picture> {
  return loadPicture(name, {
    ffmpegPath: toolPath('ffmpeg'),
    cacheDir: fileURLToPath(new URL('../../.cache/', import.meta.url)),
  });
}
