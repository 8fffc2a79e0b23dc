/** `npm start`: set-up, then `camera-recorder start` in this very process, so that signals need no passing on. */
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { distDir } from './paths.mjs';
import { setUp } from './setup.mjs';
import { failWith } from './setup-error.mjs';

/** A server that was given needs no program here. */
const given = (/** @type {string} */ name) => (process.env[name] ?? '') !== '';
await setUp({
  tools: [
    'ffmpeg',
    ...(given('TEMPORAL_ADDRESS') ? [] : /** @type {const} */ (['temporal'])),
    ...(given('S3_ENDPOINT') ? [] : /** @type {const} */ (['weed'])),
  ],
}).catch(failWith);

const main = join(distDir, 'cli', 'main.js');
process.argv = [process.execPath, main, 'start', ...process.argv.slice(2)];
await import(pathToFileURL(main).href);
