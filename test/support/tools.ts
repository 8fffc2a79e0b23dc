import { readFileSync } from 'node:fs';

/** The binaries that set-up chose, by absolute path. A missing one fails the suite. */
export function toolPath(tool: 'ffmpeg' | 'temporal' | 'weed'): string {
  const chosen: unknown = JSON.parse(readFileSync(new URL('../../.tools/tools.json', import.meta.url), 'utf8'));
  const path =
    chosen !== null && typeof chosen === 'object' ? Object.entries(chosen).find(([name]) => name === tool) : undefined;
  if (typeof path?.[1] !== 'string') throw new Error(`no ${tool}: run \`npm run setup\``);
  return path[1];
}
