import { type LogMetadata, Runtime, type LogLevel as SdkLevel, type Logger as SdkLogger } from '@temporalio/worker';
import type { Logger } from '../../log.js';
import { redact } from '../../redact.js';
import { errorText } from '../error-text.js';

interface RuntimeSettings {
  readonly log: Logger;
  /** Temporal's own metrics on 127.0.0.1; null: none. */
  readonly coreMetricsPort: number | null;
}

let installed: { readonly coreMetricsUrl: string | null } | undefined;

/**
 * Sets up Temporal's native side, which exists once in a process: a second call changes nothing and returns what the first one chose.
 * Its own warnings are off: an outage of six minutes would fill the log with 5,000 lines, where we log two.
 */
export function installRuntime({ log, coreMetricsPort }: RuntimeSettings): { readonly coreMetricsUrl: string | null } {
  if (installed !== undefined) return installed;
  const bindAddress = `127.0.0.1:${coreMetricsPort}`;
  Runtime.install({
    logger: bridge(log),
    // The process decides itself when to shut down.
    shutdownSignals: [],
    telemetryOptions: {
      logging: { filter: { core: 'ERROR', other: 'ERROR' }, forward: {} },
      ...(coreMetricsPort === null
        ? {}
        : {
            metrics: {
              prometheus: { bindAddress, countersTotalSuffix: true, unitSuffix: true, useSecondsForDurations: true },
            },
          }),
    },
  });
  installed = { coreMetricsUrl: coreMetricsPort === null ? null : `http://${bindAddress}/metrics` };
  return installed;
}

const LEVELS = {
  TRACE: 'trace',
  DEBUG: 'debug',
  INFO: 'debug',
  WARN: 'warn',
  ERROR: 'error',
} as const satisfies Readonly<Record<SdkLevel, string>>;

/** Warned of at every start, though it is what we want: our workers have either workflows or activities. */
const IS_ABOUT_ITSELF = /^No \w+ registered/;

/** The SDK's `info` is about its own states, which tell an operator nothing: it becomes `debug`. */
function bridge(log: Logger): SdkLogger {
  const write = (level: SdkLevel, message: string, meta?: LogMetadata): void => {
    log[IS_ABOUT_ITSELF.test(message) ? 'debug' : LEVELS[level]](fieldsOf(meta), redact(message));
  };
  return {
    log: write,
    trace: (message, meta) => write('TRACE', message, meta),
    debug: (message, meta) => write('DEBUG', message, meta),
    info: (message, meta) => write('INFO', message, meta),
    warn: (message, meta) => write('WARN', message, meta),
    error: (message, meta) => write('ERROR', message, meta),
  };
}

/** The few fields worth a line; a task token, say, is not for logs. */
function fieldsOf(meta: LogMetadata | undefined): Readonly<Record<string, unknown>> {
  const { workflowId, activityType, workflowType, attempt, taskQueue, error } = meta ?? {};
  const said = error === undefined ? {} : { error: errorText(error) };
  return { workflowId, workflowType, activityType, attempt, taskQueue, ...said };
}
