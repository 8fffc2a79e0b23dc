import type { Redacted } from '../domain/ids.js';
import { redact } from '../redact.js';

const MAX_DEPTH = 4;

/** With its causes: Temporal's client says only "Failed to signal Workflow", and why is one level down. */
export function errorText(error: unknown): Redacted {
  const parts: string[] = [];
  let at = error;
  while (at instanceof Error && parts.length < MAX_DEPTH) {
    const text = at.message === '' ? at.name : at.message;
    // Many wrap an error in its own words.
    if (parts.at(-1)?.includes(text) !== true) parts.push(text);
    at = at.cause;
  }
  return redact(parts.length === 0 ? `thrown: ${JSON.stringify(error)}` : parts.join(': '));
}
