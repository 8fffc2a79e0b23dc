/**
 * `npm run bench [-- recording-cost|seal|upload …]`: sets up and compiles what measures, and runs one measurement after the other.
 * Options (`--window-seconds 120`) are handed on to each.
 */
import { inRoot } from '../scripts/paths.mjs';
import { runCommand, runPackage } from '../scripts/run-command.mjs';
import { setUp } from '../scripts/setup.mjs';
import { failWith, SetupError } from '../scripts/setup-error.mjs';

const ALL = ['seal', 'upload', 'recording-cost'];

async function bench() {
  const args = process.argv.slice(2);
  const firstOption = args.findIndex((arg) => arg.startsWith('--'));
  const named = firstOption < 0 ? args : args.slice(0, firstOption);
  const options = args.slice(named.length);
  const unknown = named.find((name) => !ALL.includes(name));
  if (unknown !== undefined) throw new SetupError(`There is no measurement ${unknown}; there are ${ALL.join(', ')}.`);
  await setUp({ tools: ['ffmpeg', 'temporal', 'weed'] });
  const compiled = await runPackage('typescript/bin/tsc', ['-p', 'tsconfig.bench.json']);
  if (compiled !== 0) throw new SetupError('The measurements do not compile; the reasons are above.');
  for (const name of named.length === 0 ? ALL : named) {
    const code = await runCommand(process.execPath, [inRoot('.cache', 'bench', 'bench', `${name}.js`), ...options]);
    if (code !== 0) throw new SetupError(`The measurement ${name} failed.`);
  }
}

await bench().catch(failWith);
