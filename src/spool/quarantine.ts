import { lstat } from 'node:fs/promises';
import { basename, join } from 'node:path';
import type { Clock } from '../clock.js';
import { compactUtc, type Redacted } from '../domain/ids.js';
import type { Logger } from '../log.js';
import type { Disk } from './durable-file.js';
import type { SpoolLayout } from './spool.js';
import { errnoOf } from './spool-error.js';

/** Beside a quarantined file: why it is there. */
export const REASON_SUFFIX = '.reason.txt';

/** Moves files and folders to `quarantine/<time>-<name>` with the reason beside them. Nothing there is ever deleted by us. No-op when the path is not there. */
export function createQuarantine(options: {
  readonly disk: Disk;
  readonly layout: SpoolLayout;
  readonly clock: Clock;
  readonly log: Logger;
}): (path: string, reason: Redacted) => Promise<void> {
  const { disk, layout, clock, log } = options;
  return async (path, reason) => {
    if (!(await isThere(path))) return;
    const target = await freePath(join(layout.quarantineDir, `${compactUtc(clock.wallMs())}-${basename(path)}`));
    await disk.rename(path, target);
    await disk.syncFolder(layout.quarantineDir);
    log.warn({ path, target, reason }, 'quarantined');
    await writeReason(options, target, reason);
  };
}

/** The file is safe where it is; a full disk must not keep it from getting there, so a reason that cannot be written is only logged. */
async function writeReason(
  options: { readonly disk: Disk; readonly log: Logger },
  target: string,
  reason: Redacted,
): Promise<void> {
  try {
    await options.disk.writeFile(target + REASON_SUFFIX, Buffer.from(`${reason}\n`));
  } catch (error) {
    options.log.warn({ target, errno: errnoOf(error) }, 'reason of a quarantined file not written');
  }
}

async function freePath(path: string): Promise<string> {
  for (let attempt = 1; ; attempt += 1) {
    const candidate = attempt === 1 ? path : `${path}.${attempt}`;
    if (!(await isThere(candidate))) return candidate;
  }
}

async function isThere(path: string): Promise<boolean> {
  try {
    await lstat(path);
    return true;
  } catch (error) {
    if (errnoOf(error) === 'ENOENT' || errnoOf(error) === 'ENOTDIR') return false;
    throw error;
  }
}
