import { existsSync, readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { parse, TomlError } from 'smol-toml';
import type { ConfigMistake } from './config-error.js';
import { meantVariable, nearest } from './did-you-mean.js';
import { cameraNumberOf, PLAIN_SETTINGS, SECRET_SETTINGS } from './setting-names.js';
import { errorCodeOf, type Variables } from './settings-reader.js';

/** What a TOML file says: settings under their upper-case names, and its `[[cameras]]`, not yet looked into. */
export interface ConfigFile {
  readonly settings: Variables;
  readonly cameras: readonly Readonly<Record<string, unknown>>[];
  readonly mistakes: readonly ConfigMistake[];
}

/** Taken when it is there and no other is named. */
export const DEFAULT_CONFIG_FILE = 'config.toml';

const NOTHING: ConfigFile = { settings: {}, cameras: [], mistakes: [] };
const FILE_KEYS = [
  ...[...PLAIN_SETTINGS, ...SECRET_SETTINGS.map((name) => `${name}_FILE`)].map((name) => name.toLowerCase()),
  'cameras',
];
const SECRET_KEYS = SECRET_SETTINGS.map((name) => name.toLowerCase());

/** A named file must be there; the default one need not. */
export function readConfigFile(path: string | undefined, cwd: string): ConfigFile {
  const chosen = path ?? DEFAULT_CONFIG_FILE;
  const absolute = resolve(cwd, chosen);
  if (path === undefined && !existsSync(absolute)) return NOTHING;
  try {
    return parseConfigFile(readFileSync(absolute, 'utf8'), chosen);
  } catch (error) {
    return { ...NOTHING, mistakes: [unreadable(chosen, error)] };
  }
}

/** @throws TomlError when the text is not TOML. */
export function parseConfigFile(toml: string, name: string): ConfigFile {
  const mistakes: ConfigMistake[] = [];
  const settings: Record<string, string> = {};
  const cameras: Readonly<Record<string, unknown>>[] = [];
  for (const [key, value] of Object.entries(parse(toml))) {
    if (!FILE_KEYS.includes(key)) mistakes.push(unknownKey(key, name));
    else if (key === 'cameras') cameras.push(...camerasOf(value, mistakes));
    else if (isScalar(value)) settings[key.toUpperCase()] = String(value);
    else mistakes.push({ setting: key, problem: 'is a table or a list.', allowed: 'one value' });
  }
  return { settings, cameras, mistakes };
}

/** What a person may have meant by a key that is not ours. */
export function unknownKeyProblem(key: string, known: readonly string[]): string {
  const meant = nearest(key.toLowerCase(), known);
  return meant === undefined ? 'is not a setting of ours.' : `is not a setting of ours. Did you mean ${meant}?`;
}

function unknownKey(key: string, file: string): ConfigMistake {
  const setting = `${key} (in ${file})`;
  const camera = cameraVariable(key);
  if (camera !== undefined) return { setting, ...camera };
  if (!SECRET_KEYS.includes(key)) return { setting, problem: unknownKeyProblem(key, FILE_KEYS), allowed: null };
  const variable = key.toUpperCase();
  return { setting, problem: 'is a secret.', allowed: `the variable ${variable}, or ${variable}_FILE with a path` };
}

/** Written as in the environment, or nearly. */
function cameraVariable(key: string): Omit<ConfigMistake, 'setting'> | undefined {
  const variable = meantVariable(key.toLowerCase(), () => false);
  const number = cameraNumberOf(variable?.replace(/_FILE$/, '') ?? '');
  if (number === undefined) return undefined;
  const allowed = `the environment variable ${variable}; here, [[cameras]] with id = "camera-${number}" for its name and the rest`;
  return { problem: 'is not a setting of the file.', allowed };
}

function camerasOf(value: unknown, mistakes: ConfigMistake[]): Readonly<Record<string, unknown>>[] {
  if (Array.isArray(value) && value.every(isTable)) return value;
  mistakes.push({ setting: 'cameras', problem: 'is not a list of tables.', allowed: '[[cameras]] for each camera' });
  return [];
}

function isTable(value: unknown): value is Readonly<Record<string, unknown>> {
  return value !== null && typeof value === 'object' && !Array.isArray(value) && !(value instanceof Date);
}

/** What a setting may be in TOML; a date, a list or a table is a mistake. It is then read as if it were text from the environment. */
export function isScalar(value: unknown): value is string | number | bigint | boolean {
  return ['string', 'number', 'bigint', 'boolean'].includes(typeof value);
}

// The library's message quotes the line, which may hold anything.
function unreadable(path: string, error: unknown): ConfigMistake {
  if (error instanceof TomlError) {
    return { setting: path, problem: `is not TOML: line ${error.line}, column ${error.column}.`, allowed: null };
  }
  return { setting: path, problem: `cannot be read (${errorCodeOf(error)}).`, allowed: 'a TOML file' };
}
