import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { redact } from '../redact.js';
import type { ConfigMistake } from './config-error.js';
import type { PlainSetting, ProgramVariable, SecretSetting, TemporalVariable } from './setting-names.js';
import type { ValueType } from './value-types.js';

/** Texts by setting name; an empty one counts as not given. */
export type Variables = Readonly<Record<string, string | undefined>>;

/**
 * Looks settings up, environment before file, and keeps every mistake instead of stopping at the first.
 * The value of a secret goes into no mistake.
 */
export class SettingsReader {
  readonly mistakes: ConfigMistake[] = [];
  readonly #env: Variables;
  readonly #file: Variables;
  readonly #cwd: string;

  /** `file`: the scalars of the TOML file under their setting's name in upper case. */
  constructor(options: { readonly env: Variables; readonly file: Variables; readonly cwd: string }) {
    this.#env = options.env;
    this.#file = options.file;
    this.#cwd = options.cwd;
  }

  has(name: string): boolean {
    return this.text(name) !== undefined;
  }

  text(name: string): string | undefined {
    return given(this.#env[name]) ?? given(this.#file[name]);
  }

  /** The default also stands in for a bad value, which has then been noted. */
  value<T, D>(name: PlainSetting | ProgramVariable | TemporalVariable, type: ValueType<T>, fallback: D): T | D {
    const text = this.text(name);
    return text === undefined ? fallback : (this.parse(name, text, type) ?? fallback);
  }

  /** A secret from `name` or from the file that `<name>_FILE` points to; undefined when neither is given or it cannot be read. */
  secret(name: SecretSetting | `CAMERA${number}_RTSP_URL`): string | undefined {
    const direct = given(this.#env[name]);
    const path = this.text(`${name}_FILE`);
    if (direct !== undefined && path !== undefined) {
      this.note(name, `is given twice, also as ${name}_FILE.`, 'one of the two');
      return undefined;
    }
    return path === undefined ? direct : this.#read(`${name}_FILE`, path);
  }

  parse<T>(setting: string, text: string, type: ValueType<T>): T | undefined {
    const value = type.parse(text);
    if (value !== undefined) return value;
    // With an "@" it may be a user and a password, whatever the setting, and with or without a scheme (INV-7).
    const isRepeated = type.mayHoldSecret !== true && !text.includes('@');
    this.note(setting, isRepeated ? `"${redact(text)}" is not allowed.` : 'this value is not allowed.', type.allowed);
    return undefined;
  }

  note(setting: string, problem: string, allowed: string | null = null): void {
    this.mistakes.push({ setting, problem, allowed });
  }

  #read(setting: string, path: string): string | undefined {
    try {
      const content = given(readFileSync(resolve(this.#cwd, path), 'utf8').trim());
      if (content === undefined)
        this.note(setting, 'the file that it names is empty.', 'a file that holds the secret and nothing else');
      return content;
    } catch (error) {
      // Not the path: it may be the secret itself.
      const problem = `the file that it names cannot be read (${errorCodeOf(error)}).`;
      this.note(setting, problem, 'the path of a file that holds the secret');
      return undefined;
    }
  }
}

/** `ENOENT` and the like. */
export function errorCodeOf(error: unknown): string {
  return error instanceof Error && 'code' in error ? String(error.code) : 'unknown error';
}

function given(text: string | undefined): string | undefined {
  const trimmed = text?.trim();
  return trimmed === undefined || trimmed === '' ? undefined : trimmed;
}
