import { type NativeConnection, Worker, type WorkerOptions } from '@temporalio/worker';
import { WORKFLOW_QUEUE } from '../workflows/contract.js';
import { WORKER_POLICIES } from './policies.js';

/** About 2 MB each; a camera wakes once a segment, so most of them need not stay in memory. */
const MAX_CACHED_WORKFLOWS = 100;
const MAX_WORKFLOW_TASKS = 20;

/** A bundle made by the build, or the source it is made of (bundled at start: about a second). */
export type WorkflowCode =
  | { readonly kind: 'bundle'; readonly path: string }
  | { readonly kind: 'source'; readonly path: string };

interface WorkflowWorkerOptions {
  readonly connection: NativeConnection;
  readonly namespace: string;
  readonly identity: string;
  readonly code: WorkflowCode;
}

/** Stateless: any number of these may run. */
export async function createWorkflowWorker(options: WorkflowWorkerOptions): Promise<Worker> {
  const { connection, namespace, identity, code } = options;
  return await Worker.create({
    connection,
    namespace,
    identity,
    taskQueue: WORKFLOW_QUEUE,
    ...codeOptions(code),
    maxCachedWorkflows: MAX_CACHED_WORKFLOWS,
    maxConcurrentWorkflowTaskExecutions: MAX_WORKFLOW_TASKS,
    shutdownForceTime: WORKER_POLICIES.shutdownForceMs,
  });
}

function codeOptions(code: WorkflowCode): Pick<WorkerOptions, 'workflowBundle' | 'workflowsPath'> {
  return code.kind === 'bundle' ? { workflowBundle: { codePath: code.path } } : { workflowsPath: code.path };
}
