import { join } from 'node:path';
import { z } from 'zod';
import { cameraSpecSchema } from '../domain/camera.js';
import { GAP_CAUSES, gapClaimSchema } from '../domain/coverage.js';
import { type CameraId, parseCameraId, type Redacted } from '../domain/ids.js';
import { redact } from '../redact.js';
import { jsonBytes, readIfThere } from './durable-file.js';
import { idIn, namesIn } from './folder-names.js';
import { KeyedOrder } from './keyed-order.js';
import { assignmentsDirOf } from './layout.js';
import { parseJson } from './parse-json.js';
import type { Assignment, AssignmentStore, SpoolLayout } from './spool.js';

const assignmentSchema: z.ZodType<Assignment, unknown> = z.object({
  schema: z.literal(1),
  camera: z.string().transform(parseCameraId),
  spec: cameraSpecSchema,
  desired: z.enum(['record', 'stop']),
  stopCause: z.enum(GAP_CAUSES).nullable(),
  lastEndedAtMs: z.number().nullable(),
  notBeforeMs: z.number().nullable(),
  openClaims: z.array(gapClaimSchema),
  taskToken: z.string().nullable(),
  stability: z
    .object({
      sinceMs: z.number(),
      lostAtMs: z.array(z.number()),
      claims: z.array(gapClaimSchema),
      unstableSinceMs: z.number().nullable(),
    })
    .optional(),
  updatedAtMs: z.number(),
});

/** What assignments need of the spool around them. */
export interface AssignmentFiles {
  readonly layout: SpoolLayout;
  /** Durable; gives up the reserve when the disk is full. */
  write(path: string, bytes: Uint8Array): Promise<void>;
  quarantine(path: string, reason: Redacted): Promise<void>;
}

const SUFFIX = '.json';

/** `assignments/<camera>.json`. A file that cannot be understood is quarantined: the camera's workflow knows better anyway. */
export function createAssignmentStore(files: AssignmentFiles): AssignmentStore {
  const order = new KeyedOrder<CameraId>();
  const pathOf = (camera: CameraId): string => join(assignmentsDirOf(files.layout), camera + SUFFIX);

  const find = async (camera: CameraId): Promise<Assignment | undefined> => {
    const text = await readIfThere(pathOf(camera));
    if (text === undefined) return undefined;
    const parsed = parseJson(text, assignmentSchema);
    if (parsed.kind === 'parsed' && parsed.value.camera === camera) return parsed.value;
    await files.quarantine(pathOf(camera), reasonOf(parsed));
    return undefined;
  };

  return {
    find: (camera) => order.run(camera, () => find(camera)),
    list: async () => {
      const found: Assignment[] = [];
      for (const camera of await camerasIn(assignmentsDirOf(files.layout))) {
        const assignment = await order.run(camera, () => find(camera));
        if (assignment !== undefined) found.push(assignment);
      }
      return found;
    },
    save: (assignment) =>
      order.run(assignment.camera, () => files.write(pathOf(assignment.camera), jsonBytes(assignment))),
  };
}

async function camerasIn(dir: string): Promise<readonly CameraId[]> {
  const names = (await namesIn(dir)).filter((name) => name.endsWith(SUFFIX));
  return names.flatMap((name) => idIn(name.slice(0, -SUFFIX.length), parseCameraId));
}

function reasonOf(parsed: ReturnType<typeof parseJson<Assignment>>): Redacted {
  return parsed.kind === 'unreadable' ? parsed.reason : redact('the file of one camera names another');
}
