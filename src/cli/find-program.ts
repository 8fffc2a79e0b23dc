import { fileURLToPath } from 'node:url';
import type { ToolName } from '../embedded/tool-verdict.js';
import { findTool, readKnownTools } from '../embedded/tools.js';

/** Where set-up writes down what it fetched. */
const KNOWN_TOOLS = fileURLToPath(new URL('../../.tools/tools.json', import.meta.url));

/** `given` as it is; else the first good one on `PATH`, else the one that set-up fetched. @throws EmbeddedError */
export async function findProgram(name: ToolName, given: string | null): Promise<string> {
  if (given !== null) return given;
  const known = await readKnownTools(KNOWN_TOOLS);
  const { path } = await findTool(name, { searchPath: process.env['PATH'] ?? '', known });
  return path;
}
