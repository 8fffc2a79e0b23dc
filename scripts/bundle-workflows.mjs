/** `bundle-workflows.mjs <dist>`: `workflows/` to `workflow-bundle.js`, so that a worker starts 0.6 s earlier. */
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { bundleWorkflowCode } from '@temporalio/worker';

const dir = process.argv[2] ?? 'dist';
const quiet = { log() {}, trace() {}, debug() {}, info() {}, warn: console.error, error: console.error };
const { code } = await bundleWorkflowCode({ workflowsPath: join(dir, 'workflows', 'index.js'), logger: quiet });
await writeFile(join(dir, 'workflow-bundle.js'), code);
