/** What a bad release does: the workflows are today's, and those of two cameras go wrong. Runs inside of workflows. */
import { ApplicationFailure, sleep, type WorkflowInterceptors, workflowInfo } from '@temporalio/workflow';

/** Its workflow fails with the next signal: an error that nobody catches. */
export const FAILING = 'camera-2';
/** Its workflow cannot go on: it now begins with a timer, which no history has. */
export const CHANGED = 'camera-3';

export const interceptors = (): WorkflowInterceptors => ({
  inbound: [
    {
      execute: async (input, next) => {
        if (workflowInfo().workflowId === CHANGED) await sleep(1);
        return await next(input);
      },
      handleSignal: async (input, next) => {
        const { workflowId, unsafe } = workflowInfo();
        if (workflowId === FAILING && !unsafe.isReplaying) {
          throw ApplicationFailure.nonRetryable('a bug of this release', 'bug');
        }
        await next(input);
      },
    },
  ],
});
