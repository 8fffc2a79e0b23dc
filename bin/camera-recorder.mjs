#!/usr/bin/env node
import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

const main = new URL('../dist/cli/main.js', import.meta.url);
if (!existsSync(main)) {
  console.error('camera-recorder is not built yet: run `npm run setup` first.');
  process.exit(1);
}
process.argv[1] = fileURLToPath(main);
await import(main.href);
