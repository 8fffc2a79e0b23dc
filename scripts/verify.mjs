/** `npm test`: everything that must hold before a change is accepted, and exactly what CI runs. */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { findForbiddenImports } from './check-imports.mjs';
import { findBrokenLinks } from './check-links.mjs';
import { rootDir } from './paths.mjs';
import { runPackage } from './run-command.mjs';
import { FAILED, PASSED, runSteps, totalsLine, totalsOfTests } from './run-steps.mjs';
import { setUp } from './setup.mjs';
import { readIfThere } from './stamp.mjs';

const TIME_LIMIT_MS = 600_000;
/** Both colour what goes into a file, too. */
const biomePlain = process.stdout.isTTY ? [] : ['--colors=off'];
/** @type {Record<string, string>} */
const vitestPlain = process.stdout.isTTY ? {} : { NO_COLOR: '1' };

const totals = await runSteps(
  [
    {
      name: 'set-up',
      run: async () => {
        await setUp({ tools: ['ffmpeg', 'temporal', 'weed'], browser: true });
        return PASSED;
      },
    },
    { name: 'format', run: async () => await check('@biomejs/biome/bin/biome', ['ci', ...biomePlain, '.']) },
    { name: 'lint', run: async () => await check('oxlint/bin/oxlint', ['--type-aware', '--deny-warnings']) },
    { name: 'imports', run: async () => findNothing(findForbiddenImports(rootDir)) },
    { name: 'types', run: async () => await check('typescript/bin/tsc', ['--noEmit', '-p', 'tsconfig.json']) },
    { name: 'links', run: async () => findNothing(findBrokenLinks(rootDir)) },
    { name: 'tests', run: runTests },
  ],
  (line) => console.log(line),
);
if (performance.now() > TIME_LIMIT_MS) {
  console.log(`This took ${Math.round(performance.now() / 60_000)} minutes; more than 10 is too slow to be run often.`);
}
process.exitCode = totals.failed === 0 ? 0 : 1;
console.log(totalsLine(totals));

/**
 * @param {string} script
 * @param {readonly string[]} args
 */
async function check(script, args) {
  return (await runPackage(script, args)) === 0 ? PASSED : FAILED;
}

/** @param {readonly string[]} found */
function findNothing(found) {
  for (const line of found) console.log(line);
  return found.length === 0 ? PASSED : FAILED;
}

/** In a temporary folder of its own, so that a run that is cut short leaves nothing behind either. */
async function runTests() {
  const dir = await mkdtemp(join(tmpdir(), 'recorder-tests-'));
  const reportPath = join(dir, 'report.json');
  try {
    const reporters = ['--reporter=default', '--reporter=json', `--outputFile.json=${reportPath}`];
    const exitCode = await runPackage('vitest/vitest.mjs', ['run', ...reporters], {
      env: { TMPDIR: dir, ...vitestPlain },
    });
    const report = await readIfThere(reportPath);
    return totalsOfTests(report === undefined ? undefined : JSON.parse(report), exitCode);
  } finally {
    await rm(dir, { recursive: true, force: true, maxRetries: 20, retryDelay: 250 });
  }
}
