import { randomBytes } from 'node:crypto';
import { hostname } from 'node:os';
import { join } from 'node:path';
import { parseRecorderId, type RecorderId } from '../domain/ids.js';
import { redact } from '../redact.js';
import { type Disk, readIfThere, writeDurably } from './durable-file.js';
import type { SpoolLayout } from './spool.js';
import { SpoolError } from './spool-error.js';

/** Leaves room in 63 characters for a dash and the suffix. */
const MAX_HOST_LENGTH = 50;

/**
 * The id this spool was given when it was made, so that its queues keep their names wherever the disk goes.
 * `wanted` names a new spool; it cannot rename one.
 * @throws SpoolError `invalid-input` when the spool belongs to another recorder, or its `recorder-id` holds no id.
 */
export async function keepRecorderId(disk: Disk, layout: SpoolLayout, wanted?: RecorderId): Promise<RecorderId> {
  const path = join(layout.root, 'recorder-id');
  const kept = await readIfThere(path);
  if (kept === undefined || kept.trim() === '') {
    const id = wanted ?? newRecorderId(hostname(), randomBytes(3).toString('hex'));
    await writeDurably(disk, path, Buffer.from(`${id}\n`));
    return id;
  }
  const id = parseKept(path, kept.trim());
  if (wanted === undefined || wanted === id) return id;
  throw new SpoolError(
    'invalid-input',
    redact(`the spool ${layout.root} belongs to the recorder ${id}, not ${wanted}: give it its own spool, or no id`),
  );
}

/** `host-1a2b3c`. */
export function newRecorderId(host: string, suffix: string): RecorderId {
  const slug = host
    .toLowerCase()
    .replace(/[^a-z0-9]+/g, '-')
    .slice(0, MAX_HOST_LENGTH)
    .replace(/^-+|-+$/g, '');
  return parseRecorderId(`${slug === '' ? 'recorder' : slug}-${suffix}`);
}

function parseKept(path: string, text: string): RecorderId {
  try {
    return parseRecorderId(text);
  } catch (cause) {
    throw new SpoolError('invalid-input', redact(`${path} holds no recorder id`), { cause });
  }
}
