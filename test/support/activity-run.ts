import { asyncLocalStorage, CancelledFailure, Context } from '@temporalio/activity';
import { ActivityCancellationDetails } from '@temporalio/common';

type Cause = 'cancelRequested' | 'paused' | 'reset' | 'notFound' | 'timedOut' | 'workerShutdown';

export interface ActivityRun<T> {
  readonly outcome: Promise<T>;
  readonly heartbeats: readonly unknown[];
  /** As the server or the worker ends an attempt. */
  end(cause: Cause): void;
}

/** Runs an activity without a worker: the context Temporal gives it, and a hand to end it from outside. */
export function runActivity<T>(activity: () => Promise<T>, taskToken = 'dG9rZW4='): ActivityRun<T> {
  const controller = new AbortController();
  const heartbeats: unknown[] = [];
  const details: { details?: ActivityCancellationDetails } = {};
  const cancelled = new Promise<never>((_, reject) => {
    controller.signal.addEventListener('abort', () => reject(controller.signal.reason));
  });
  cancelled.catch(() => undefined);
  const context = new Context(
    { base64TaskToken: taskToken, workflowExecution: { workflowId: 'camera-3', runId: 'run-1' }, attempt: 2 } as never,
    cancelled,
    controller.signal,
    (beat) => void heartbeats.push(beat),
    undefined,
    {} as never,
    {} as never,
    details as never,
  );
  return {
    outcome: asyncLocalStorage.run(context, activity),
    heartbeats,
    end: (cause) => {
      details.details = new ActivityCancellationDetails({ [cause]: true });
      controller.abort(new CancelledFailure(cause));
    },
  };
}
