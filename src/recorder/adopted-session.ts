import type { Clock } from '../clock.js';
import type { CameraSpec } from '../domain/camera.js';
import { readSessionFile } from '../spool/session-files.js';
import type { Session } from './supervisor-state.js';

/**
 * A session that was not started here, or whose start was not heard of, as its folder tells it.
 * @param unwritten how it was started where the folder does not say so
 * @returns undefined when nobody knows how it was started
 */
export async function adoptedSession(
  { session, dir }: { readonly session: Session['id']; readonly dir: string },
  unwritten: CameraSpec | undefined,
  clock: Clock,
): Promise<Session | undefined> {
  const written = await readSessionFile(dir);
  const spec = written?.spec ?? unwritten;
  if (spec === undefined) return undefined;
  // A clock that was set back since would have it start in the future.
  const sinceMs = Math.min(written?.startedAtMs ?? Number.POSITIVE_INFINITY, clock.wallMs());
  return { id: session, dir, spec, startedAtMs: monotonicOf(sinceMs, clock), recordsSinceMs: sinceMs };
}

function monotonicOf(wallMs: number, clock: Clock): number {
  return clock.monotonicMs() - (clock.wallMs() - wallMs);
}
