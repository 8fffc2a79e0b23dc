import { fileURLToPath } from 'node:url';
import {
  bundleWorkflowCode,
  DefaultLogger,
  NativeConnection,
  Runtime,
  Worker,
  type WorkflowBundleWithSourceMap,
} from '@temporalio/worker';
import { WORKFLOW_QUEUE } from '../../../src/workflows/contract.js';

/** A release that must not be deployed, and was. */
export interface BadDeploy {
  /** Resolves when it takes no more work. Idempotent. */
  end(): Promise<void>;
}

export async function bundleBadRelease(): Promise<WorkflowBundleWithSourceMap> {
  return await bundleWorkflowCode({
    workflowsPath: pathOf('../../../src/workflows/index.ts'),
    workflowInterceptorModules: [pathOf('interceptors.ts')],
    logger: new DefaultLogger('ERROR'),
  });
}

/** Takes the work of all workflows, so nobody else should. */
export async function deployBadly(options: {
  readonly address: string;
  readonly namespace: string;
  readonly bundle: WorkflowBundleWithSourceMap;
  readonly register: (end: () => Promise<void>) => unknown;
}): Promise<BadDeploy> {
  const { address, namespace, bundle } = options;
  // What it says of its mistakes is known.
  const nothing = { filter: { core: 'ERROR', other: 'ERROR' }, forward: {} } as const;
  Runtime.install({ logger: new DefaultLogger('ERROR', () => undefined), telemetryOptions: { logging: nothing } });
  const connection = await NativeConnection.connect({ address });
  const worker = await Worker.create({ connection, namespace, taskQueue: WORKFLOW_QUEUE, workflowBundle: bundle });
  const run = worker.run();
  let ending: Promise<void> | undefined;
  const endOnce = async (): Promise<void> => {
    worker.shutdown();
    await run;
    await connection.close();
  };
  const end = async (): Promise<void> => await (ending ??= endOnce());
  options.register(end);
  return { end };
}

function pathOf(file: string): string {
  return fileURLToPath(new URL(file, import.meta.url));
}
