/** Finds FFmpeg, the Temporal CLI and SeaweedFS: on `PATH` if good enough, else those that set-up fetched. */
import { constants } from 'node:fs';
import { access, readFile, stat } from 'node:fs/promises';
import { delimiter, join } from 'node:path';
import { execa } from 'execa';
import { z } from 'zod';
import { EmbeddedError } from './embedded-error.js';
import {
  judgeFfmpeg,
  judgeTemporal,
  judgeWeed,
  type ToolName,
  type ToolRun,
  type ToolVerdict,
  toolNames,
} from './tool-verdict.js';

const RUN_DEADLINE_MS = 15_000;
const toolsFile = z.partialRecord(z.enum(toolNames), z.string());

/** Absolute paths set-up wrote down; none of them has to exist. */
export type KnownTools = Readonly<Partial<Record<ToolName, string>>>;

interface FoundTool {
  readonly path: string;
  readonly version: string;
}

interface RefusedTool {
  readonly path: string;
  readonly why: string;
}

interface ToolSearch {
  /** The value of `PATH`. */
  readonly searchPath: string;
  readonly known: KnownTools;
}

/** What set-up wrote down. An absent file is an empty answer: a container brings its tools on `PATH`. */
export async function readKnownTools(path: string): Promise<KnownTools> {
  try {
    return toolsFile.parse(JSON.parse(await readFile(path, 'utf8'))) as KnownTools;
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return {};
    throw new EmbeddedError('tool-missing', `read ${path}; run \`npm run setup\``, { cause: error });
  }
}

/** Throws `EmbeddedError` (`tool-refused` when there were some, else `tool-missing`), saying what was wrong with each. */
export async function findTool(name: ToolName, search: ToolSearch): Promise<FoundTool> {
  const { found, refused } = await lookForTool(name, search);
  if (found !== undefined) return found;
  const reasons = refused.map(({ path, why }) => `${path}: ${why}`).join('; ');
  if (reasons === '') throw new EmbeddedError('tool-missing', `no ${name} on PATH; run \`npm run setup\``);
  throw new EmbeddedError('tool-refused', `no ${name} that will do (${reasons}); run \`npm run setup\``);
}

/** The first one that will do, and those before it that will not. */
export async function lookForTool(
  name: ToolName,
  search: ToolSearch,
): Promise<{ readonly found?: FoundTool; readonly refused: readonly RefusedTool[] }> {
  const refused: RefusedTool[] = [];
  // Set-up may have written down the very one of PATH.
  for (const path of new Set([await firstOnPath(name, search.searchPath), search.known[name]])) {
    if (path === undefined) continue;
    const verdict = await judgeTool(name, path);
    if (verdict.kind === 'good') return { found: { path, version: verdict.version }, refused };
    refused.push({ path, why: verdict.why });
  }
  return { refused };
}

/** Runs the program a few times, harmlessly. */
export async function judgeTool(name: ToolName, path: string): Promise<ToolVerdict> {
  if (!(await isProgram(path))) return { kind: 'refused', why: 'there is no such program' };
  switch (name) {
    case 'ffmpeg':
      return judgeFfmpeg({
        version: await run(path, ['-version']),
        hostName: await run(path, ['-hide_banner', '-v', 'error', '-i', 'tcp://localhost:9']),
        rtspDemuxer: await run(path, ['-hide_banner', '-h', 'demuxer=rtsp']),
        segmentMuxer: await run(path, ['-hide_banner', '-h', 'muxer=segment']),
      });
    case 'temporal':
      return judgeTemporal(await run(path, ['--version']));
    case 'weed':
      return judgeWeed(await run(path, ['version']));
    default:
      return name satisfies never;
  }
}

async function run(path: string, args: readonly string[]): Promise<ToolRun> {
  const ended = await execa(path, args, { all: true, reject: false, stdin: 'ignore', timeout: RUN_DEADLINE_MS });
  return { text: ended.all, exitCode: ended.exitCode ?? null, signal: ended.signal ?? null };
}

async function firstOnPath(name: string, searchPath: string): Promise<string | undefined> {
  for (const dir of searchPath.split(delimiter)) {
    const path = join(dir, name);
    if (dir !== '' && (await isProgram(path))) return path;
  }
  return undefined;
}

async function isProgram(path: string): Promise<boolean> {
  try {
    await access(path, constants.X_OK);
    return (await stat(path)).isFile();
  } catch {
    return false;
  }
}
