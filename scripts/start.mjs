/** `npm start`: set-up, then `camera-recorder start` in this very process, so that signals need no passing on. */
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { distDir } from './paths.mjs';
import { setUp } from './setup.mjs';
import { failWith } from './setup-error.mjs';

const args = process.argv.slice(2);

await setUp({
  tools: async () => {
    /** @type {typeof import('../src/cli/needed-tools.ts')} */
    const { neededTools } = await import(pathToFileURL(join(distDir, 'cli', 'needed-tools.js')).href);
    return neededTools(args, { env: process.env, cwd: process.cwd() });
  },
}).catch(failWith);

const main = join(distDir, 'cli', 'main.js');
process.argv = [process.execPath, main, 'start', ...args];
await import(pathToFileURL(main).href);
