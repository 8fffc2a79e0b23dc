import { type Logger, pino } from 'pino';

export type { Logger };

/** One JSON line an event on stderr, so that stdout stays for what a command was asked to print. */
export function createLogger(options: { readonly level: string; readonly name: string }): Logger {
  return pino(
    {
      level: options.level,
      base: { name: options.name },
      timestamp: pino.stdTimeFunctions.isoTime,
      formatters: { level: (label) => ({ level: label }) },
    },
    pino.destination({ dest: 2, sync: true }),
  );
}
