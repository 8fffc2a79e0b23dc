/** Where things are. These scripts run before any package is installed: only Node itself may be imported here. */
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

export const rootDir = fileURLToPath(new URL('..', import.meta.url));
export const distDir = join(rootDir, 'dist');
export const toolsDir = join(rootDir, '.tools');
export const toolsFile = join(toolsDir, 'tools.json');

/** @param {readonly string[]} parts */
export const inRoot = (...parts) => join(rootDir, ...parts);
