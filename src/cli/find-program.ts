import { fileURLToPath } from 'node:url';
import { EmbeddedError } from '../embedded/embedded-error.js';
import type { ToolName } from '../embedded/tool-verdict.js';
import { findTool, judgeTool, readKnownTools } from '../embedded/tools.js';

/** Where set-up writes down what it fetched. */
const KNOWN_TOOLS = fileURLToPath(new URL('../../.tools/tools.json', import.meta.url));

/** `given` and nothing else, if it is; else the first good one on `PATH`, else the one that set-up fetched. @throws EmbeddedError */
export async function findProgram(name: ToolName, given: string | null): Promise<string> {
  if (given !== null) return judged(name, given);
  const known = await readKnownTools(KNOWN_TOOLS);
  const { path } = await findTool(name, { searchPath: process.env['PATH'] ?? '', known });
  return path;
}

async function judged(name: ToolName, path: string): Promise<string> {
  const verdict = await judgeTool(name, path);
  if (verdict.kind === 'good') return path;
  throw new EmbeddedError('tool-refused', `${path}: ${verdict.why}`);
}
