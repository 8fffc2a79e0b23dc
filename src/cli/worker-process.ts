/** What the keeper starts: `node worker-process.js --role … [--config …]`. */
import { parseArgs } from 'node:util';
import { EXIT_BAD_CONFIG } from '../keeper/protocol.js';
import { redact } from '../redact.js';
import { ROLES, type Role } from './roles.js';
import { runWorker } from './run-worker.js';

const { values } = parseArgs({ options: { role: { type: 'string', default: 'all' }, config: { type: 'string' } } });

try {
  process.exit(await runWorker({ role: roleOf(values.role), configPath: values.config }));
} catch (error) {
  process.stderr.write(`${redact(error instanceof Error ? (error.stack ?? error.message) : String(error))}\n`);
  const isBadConfig = error instanceof Error && 'code' in error && error.code === 'bad-config';
  process.exit(isBadConfig ? EXIT_BAD_CONFIG : 1);
}

function roleOf(text: string): Role {
  return ROLES.find((role) => role === text) ?? 'all';
}
