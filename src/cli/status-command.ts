import { loadConfig } from '../config/load-config.js';
import { redact } from '../redact.js';
import { fetchStatus } from './fetch-status.js';
import { takeSecrets } from './process-guards.js';
import { statusText } from './status-text.js';

/** Prints what the page says; resolves to 0, or to 1 when no recorder answers. @throws ConfigError */
export async function statusCommand(options: {
  readonly isJson: boolean;
  readonly url: string | undefined;
  readonly configPath: string | undefined;
}): Promise<number> {
  const url = options.url ?? pageUrlOf(options.configPath);
  try {
    const view = await fetchStatus(url);
    process.stdout.write(options.isJson ? `${JSON.stringify(view, null, 2)}\n` : statusText(view));
    return 0;
  } catch (error) {
    process.stderr.write(`${redact(`No recorder answers at ${url} (${reasonOf(error)}).`)}\n`);
    process.stderr.write('Is it running? Another port or machine is named with --url, or with METRICS_PORT.\n');
    return 1;
  }
}

function pageUrlOf(configPath: string | undefined): string {
  const { metricsPort } = loadConfig({ env: takeSecrets(process.env), configPath, cwd: process.cwd(), required: [] });
  return `http://127.0.0.1:${metricsPort}`;
}

function reasonOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  if (error.name === 'TimeoutError') return 'no answer in 3 s';
  const code = error.cause instanceof Error && 'code' in error.cause ? error.cause.code : undefined;
  return typeof code === 'string' ? code : 'not a camera recorder';
}
