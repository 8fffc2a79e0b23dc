import { setTimeout as delay } from 'node:timers/promises';

const POLL_MS = 20;

/**
 * Polls until the condition gives something other than false, null or undefined, and returns that.
 * What the condition throws counts as "not yet" and is shown when the deadline passes.
 */
export async function waitFor<T>(
  condition: () => T | Promise<T>,
  options: { readonly what: string; readonly deadlineMs: number; readonly pollMs?: number },
): Promise<Exclude<T, false | null | undefined>> {
  const startedAtMs = performance.now();
  let last: { readonly value?: unknown; readonly error?: unknown } = {};
  for (;;) {
    try {
      const value = await condition();
      if (value !== false && value !== null && value !== undefined) {
        return value as Exclude<T, false | null | undefined>;
      }
      last = { value };
    } catch (error) {
      last = { error };
    }
    if (performance.now() - startedAtMs > options.deadlineMs) break;
    await delay(options.pollMs ?? POLL_MS);
  }
  const seen = 'error' in last ? `it threw ${String(last.error)}` : `it gave ${String(last.value)}`;
  throw new Error(`waited ${options.deadlineMs} ms for ${options.what}; ${seen}`, { cause: last.error });
}
