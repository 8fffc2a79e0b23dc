import { parseArgs } from 'node:util';
import { type LoadConfigOptions, readConfig } from '../config/load-config.js';
import type { ToolName } from '../embedded/tool-verdict.js';
import { wantOf } from './start-plan.js';

/**
 * What set-up has to bring before `start <args>` can run: a program that was given, or whose server was given, is not
 * among them, be it in the environment or the file. With mistakes in the settings it is FFmpeg alone: `start` tells them
 * and starts no server.
 */
export function neededTools(
  args: readonly string[],
  given: Pick<LoadConfigOptions, 'env' | 'cwd'>,
): readonly ToolName[] {
  const { values } = parseArgs({ args: [...args], options: { config: { type: 'string' } }, strict: false });
  const configPath = typeof values.config === 'string' ? values.config : undefined;
  const { config, mistakes } = readConfig({ ...given, configPath });
  const want = wantOf(config);
  const areServersStarted = mistakes.length === 0;
  return [
    ...(config.ffmpegPath === null ? (['ffmpeg'] as const) : []),
    ...(areServersStarted && want.temporal ? (['temporal'] as const) : []),
    ...(areServersStarted && want.store ? (['weed'] as const) : []),
  ];
}
