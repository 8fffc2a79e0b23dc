import { ActivityNotFoundError } from '@temporalio/client';
import { ApplicationFailure } from '@temporalio/common';
import type { Logger } from '../log.js';
import type { Assignment } from '../spool/spool.js';
import { errorText } from './error-text.js';
import { WORKER_POLICIES } from './policies.js';
import type { TemporalSession } from './temporal/connection.js';

/**
 * Ends the attempts of a worker that is gone, by the task tokens it kept, so that new ones are attached in about a second instead of after
 * the heartbeat timeout. Call before this worker takes work: the tokens must be the old one's. A stale token does nothing.
 */
export async function takeOver(
  session: TemporalSession,
  assignments: readonly Assignment[],
  log: Logger,
): Promise<void> {
  await Promise.all(
    assignments.map(async ({ camera, taskToken }) => {
      if (taskToken === null) return;
      try {
        await session.ask(async ({ activity }) => await activity.fail(Buffer.from(taskToken, 'base64'), restarted()));
        log.info({ camera }, 'took over from the worker before');
      } catch (error) {
        if (error instanceof ActivityNotFoundError) return;
        // Then the heartbeat timeout does it, later.
        log.warn({ camera, error: errorText(error) }, 'could not take over at once');
      }
    }),
  );
}

function restarted(): ApplicationFailure {
  return ApplicationFailure.create({
    message: 'the recorder process was restarted; recording went on',
    type: 'HostRestarted',
    nextRetryDelay: WORKER_POLICIES.atOnceMs,
  });
}
