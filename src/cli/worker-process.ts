/** What the keeper starts: `node worker-process.js --role … [--config …]`; with `--check` it only reads the configuration. */
import { parseArgs } from 'node:util';
import { EXIT_BAD_CONFIG } from '../keeper/protocol.js';
import { redact } from '../redact.js';
import { ROLES, type Role } from './roles.js';

const { values } = parseArgs({
  options: {
    role: { type: 'string', default: 'all' },
    config: { type: 'string' },
    check: { type: 'boolean', default: false },
  },
});

try {
  process.exit(await run({ role: roleOf(values.role), configPath: values.config }));
} catch (error) {
  const isBadConfig = error instanceof Error && 'code' in error && error.code === 'bad-config';
  // A ConfigError is made of redacted parts, and its message says everything.
  process.stderr.write(`${isBadConfig ? error.message : redact(stackOf(error))}\n`);
  process.exit(isBadConfig ? EXIT_BAD_CONFIG : 1);
}

/** Neither half loads what only the other needs. @throws ConfigError */
async function run(options: { readonly role: Role; readonly configPath: string | undefined }): Promise<number> {
  if (!values.check) return (await import('./run-worker.js')).runWorker(options);
  const { loadRoleConfig } = await import('./check-command.js');
  const { takeSecrets } = await import('./process-guards.js');
  loadRoleConfig({ ...options, env: takeSecrets(process.env) });
  return 0;
}

function stackOf(error: unknown): string {
  return error instanceof Error ? (error.stack ?? error.message) : String(error);
}

function roleOf(text: string): Role {
  return ROLES.find((role) => role === text) ?? 'all';
}
