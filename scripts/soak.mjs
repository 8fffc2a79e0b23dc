/**
 * `npm run soak [-- --minutes N] [--seed S]`: three simulated cameras, faults drawn from a seed, and every frame counted. The same seed
 * does the same faults again. Exit code 0 when nothing was lost in silence.
 */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { runPackage } from './run-command.mjs';
import { setUp } from './setup.mjs';
import { failWith, SetupError } from './setup-error.mjs';

const CONFIG = 'test/long/vitest.config.ts';
const DEFAULT_MINUTES = 10;

async function soak() {
  const { minutes, seed } = readArguments();
  await setUp({ tools: ['ffmpeg', 'temporal', 'weed'] });
  // Its own temporary folder, so that a soak that is cut short leaves nothing behind either.
  const dir = await mkdtemp(join(tmpdir(), 'recorder-soak-'));
  try {
    process.exitCode = await runPackage('vitest/vitest.mjs', ['run', '--config', CONFIG, 'test/long/soak.long.ts'], {
      env: { SOAK_MINUTES: String(minutes), SOAK_SEED: String(seed), TMPDIR: dir },
    });
  } finally {
    await rm(dir, { recursive: true, force: true, maxRetries: 20, retryDelay: 250 });
  }
}

function readArguments() {
  try {
    const { values } = parseArgs({ options: { minutes: { type: 'string' }, seed: { type: 'string' } } });
    return {
      minutes: numberIn('--minutes', values.minutes ?? String(DEFAULT_MINUTES)),
      seed: Math.floor(numberIn('--seed', values.seed ?? String((Date.now() % 1_000_000) + 1))),
    };
  } catch (error) {
    throw new SetupError(error instanceof Error ? error.message : String(error));
  }
}

/**
 * @param {string} name
 * @param {string} text
 */
function numberIn(name, text) {
  const number = Number(text);
  if (!(number > 0 && number < 2 ** 31)) throw new SetupError(`${name} must be a number above 0, not "${text}".`);
  return number;
}

await soak().catch(failWith);
