import type { Client } from '@temporalio/client';
import type { SegmentId } from '../../../src/domain/ids.js';
import { uploadWorkflowIdOf } from '../../../src/workflows/contract.js';
import { waitFor } from '../wait-for.js';

/** The states of all runs of a segment's upload, by Temporal's own list. */
export type UploadRuns = ReadonlyMap<SegmentId, readonly string[]>;

/** Resolves when the uploads of these segments are listed and over: the list is behind what happened. */
export async function uploadRuns(temporal: Client, segments: readonly SegmentId[]): Promise<UploadRuns> {
  const segmentOf = new Map<string, SegmentId>(segments.map((id) => [uploadWorkflowIdOf(id), id]));
  return await waitFor(
    async () => {
      const found = new Map<SegmentId, string[]>(segments.map((id) => [id, []]));
      for await (const { workflowId, status } of temporal.workflow.list({ query: 'WorkflowType="UploadSegment"' })) {
        const segment = segmentOf.get(workflowId);
        if (segment !== undefined) found.get(segment)?.push(status.name);
      }
      return [...found.values()].every((states) => states.length > 0 && !states.includes('RUNNING')) && found;
    },
    { what: 'all uploads to end', deadlineMs: 60_000, pollMs: 1_000 },
  );
}

/** One sentence for every segment that was not uploaded by exactly one workflow (INV-3). Pure. */
export function complaintsOfRuns(runs: UploadRuns): readonly string[] {
  return [...runs]
    .filter(([, states]) => states.length !== 1 || states[0] !== 'COMPLETED')
    .map(([segment, states]) => `${segment}: its upload ran as ${states.join(', ') || 'nothing'}`);
}
