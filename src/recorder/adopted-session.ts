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
  const spec = (await readSessionFile(dir))?.spec ?? unwritten;
  return spec && { id: session, dir, spec, startedAtMs: clock.monotonicMs() };
}
