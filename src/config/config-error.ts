/** One thing to put right. Never holds any part of a secret. */
export interface ConfigMistake {
  /** As the person wrote it: `METRICS_PORT`, or `cameras[2].audio` in the file. */
  readonly setting: string;
  /** What is wrong, as a sentence without the setting's name. */
  readonly problem: string;
  /** What would be right, or null when `problem` says it. */
  readonly allowed: string | null;
}

/** Thrown with every mistake there is, not with the first one. Its message is what a person is shown. */
export class ConfigError extends Error {
  readonly code = 'bad-config';
  readonly mistakes: readonly ConfigMistake[];
  constructor(mistakes: readonly ConfigMistake[]) {
    super(describe(mistakes));
    this.name = 'ConfigError';
    this.mistakes = mistakes;
  }
}

function describe(mistakes: readonly ConfigMistake[]): string {
  const count = mistakes.length === 1 ? 'a mistake' : `${mistakes.length} mistakes`;
  return [`The configuration has ${count}; nothing was started.`, ...mistakes.map(lineOf)].join('\n');
}

function lineOf({ setting, problem, allowed }: ConfigMistake): string {
  return `  ${setting}: ${problem}${allowed === null ? '' : ` Allowed: ${allowed}.`}`;
}
