import type { CameraSpec } from '../domain/camera.js';
import type { CameraId, RecorderId } from '../domain/ids.js';
import type { Logger } from '../log.js';
import { readNamespaceId, writeNamespaceId } from '../spool/namespace-id.js';
import type { Spool } from '../spool/spool.js';
import type { Policies } from '../workflows/contract.js';
import { startCamera } from './start-workflows.js';
import type { TemporalSession } from './temporal/connection.js';
import { viewWorkflow } from './workflow-view.js';

/** Configuration only creates cameras: `spec` counts for nothing once the workflow exists. */
export interface ConfiguredCamera {
  readonly id: CameraId;
  readonly spec: CameraSpec;
}

interface CameraWorkflowsDeps {
  readonly spool: Pick<Spool, 'recorder' | 'layout' | 'assignments'>;
  readonly configured: readonly ConfiguredCamera[];
  readonly policies: Policies;
  readonly log: Logger;
}

/**
 * At the start of a recorder, and when Temporal was wiped while it runs: every configured camera gets a workflow unless it ever had one,
 * and when Temporal was wiped every camera that records here gets its workflow back. Configuration only creates: a canceled camera stays
 * off. Idempotent.
 */
export async function ensureCameraWorkflows(session: TemporalSession, deps: CameraWorkflowsDeps): Promise<void> {
  const { spool, configured, log, policies } = deps;
  const namespaceId = await session.namespaceId();
  const knownId = await readNamespaceId(spool.layout);
  const isSameNamespace = namespaceId === knownId;
  if (!isSameNamespace && knownId !== undefined)
    log.warn({ namespaceId }, 'temporal was wiped: starting workflows again');
  for (const { id, spec, recorder } of await wanted(deps, isSameNamespace)) {
    const view = await viewWorkflow(session, id, isSameNamespace);
    if (view.kind === 'unreachable') throw new Error(`Temporal does not say whether ${id} has a workflow`);
    if (view.kind !== 'not-found') continue;
    const isStarted = await startCamera(session, id, spec, { reuse: 'first', recorder, policies });
    if (isStarted) log.info({ camera: id, isConfigured: configured.some((one) => one.id === id) }, 'camera started');
  }
  if (!isSameNamespace) await writeNamespaceId(spool.layout, namespaceId);
}

interface WantedCamera extends ConfiguredCamera {
  /** Who records it already. */
  readonly recorder: RecorderId | null;
}

/** A camera with an assignment had a workflow; that it is gone from the same namespace means it was closed long ago. */
async function wanted(
  { spool, configured }: CameraWorkflowsDeps,
  isSameNamespace: boolean,
): Promise<readonly WantedCamera[]> {
  const assignments = await spool.assignments.list();
  const assigned = new Set(assignments.map(({ camera }) => camera));
  const fresh = configured.filter(({ id }) => !assigned.has(id)).map((one) => ({ ...one, recorder: null }));
  if (isSameNamespace) return fresh;
  const recording = assignments.filter(({ desired }) => desired === 'record');
  return [...recording.map(({ camera, spec }) => ({ id: camera, spec, recorder: spool.recorder })), ...fresh];
}
