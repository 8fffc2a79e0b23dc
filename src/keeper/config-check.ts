import { spawn } from 'node:child_process';
import { EXIT_BAD_CONFIG } from './protocol.js';

/**
 * Runs a script of ours that reads the configuration and says on stderr what is wrong with it. Only a certain no is one: what cannot
 * be checked, or not within `timeoutMs`, is for the next worker to find out. Never rejects.
 * @param options.argv a script, and its arguments
 */
export async function isConfigRight(options: {
  readonly argv: readonly string[];
  readonly env: NodeJS.ProcessEnv;
  readonly cwd: string;
  readonly timeoutMs: number;
}): Promise<boolean> {
  const { argv, env, cwd, timeoutMs } = options;
  const child = spawn(process.execPath, [...argv], {
    cwd,
    env,
    timeout: timeoutMs,
    stdio: ['ignore', 'ignore', 'inherit'],
  });
  const code = await new Promise<number | null>((resolve) => {
    child.once('exit', resolve);
    child.once('error', () => resolve(null));
  });
  return code !== EXIT_BAD_CONFIG;
}
