import { SECRET_SETTINGS } from '../config/setting-names.js';
import type { Variables } from '../config/settings-reader.js';
import type { Logger } from '../log.js';
import { redact } from '../redact.js';

const IS_SECRET = new RegExp(
  `^(?:${SECRET_SETTINGS.join('|')}|CAMERA\\d+_RTSP_URL|TEMPORAL_TLS_CLIENT_KEY_DATA|TEMPORAL_GRPC_META_.*)$`,
);

/**
 * Takes every secret out of the environment, which children inherit and diagnostic reports print, and returns a copy
 * that still has them. Switches off reports on errors: they hold memory as it was (INV-7).
 */
export function takeSecrets(env: NodeJS.ProcessEnv): Variables {
  const copy = { ...env };
  for (const name of Object.keys(env)) if (IS_SECRET.test(name)) delete env[name];
  if (process.report !== undefined) {
    process.report.reportOnFatalError = false;
    process.report.reportOnUncaughtException = false;
    process.report.reportOnSignal = false;
  }
  return copy;
}

/** What nobody caught leaves a process nobody knows: it is logged and the process ends with 1. */
export function endOnUncaught(log: Logger): void {
  const end = (reason: unknown): void => {
    log.fatal(
      { error: redact(reason instanceof Error ? (reason.stack ?? reason.message) : String(reason)) },
      'uncaught',
    );
    process.exit(1);
  };
  process.on('unhandledRejection', end);
  process.on('uncaughtException', end);
}
