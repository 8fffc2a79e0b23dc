import { readFileSync } from 'node:fs';

/** The version in package.json, two directories up from `dist/cli` and from `src/cli` alike. */
export function readVersion(): string {
  const manifest: unknown = JSON.parse(readFileSync(new URL('../../package.json', import.meta.url), 'utf8'));
  const isManifest = manifest !== null && typeof manifest === 'object' && 'version' in manifest;
  return isManifest && typeof manifest.version === 'string' ? manifest.version : 'unknown';
}
