import { ScheduleAlreadyRunning, type ScheduleDescription, ScheduleNotFoundError } from '@temporalio/client';
import { isDeleting, type RetentionPolicies } from '../domain/retention.js';
import type { Logger } from '../log.js';
import { type Policies, RETENTION_ID, type RetentionInput, WORKFLOW_QUEUE } from '../workflows/contract.js';
import { WORKER_POLICIES } from './policies.js';
import type { TemporalSession } from './temporal/connection.js';

/**
 * Retention runs as a schedule that people can watch, pause, and trigger. Made when this recorder is to delete something, and given new
 * policies when they have changed; whether it is paused is left alone. Idempotent.
 */
export async function ensureRetentionSchedule(
  session: TemporalSession,
  given: { readonly retention: RetentionPolicies; readonly policies: Policies; readonly log: Logger },
): Promise<void> {
  const { retention, log } = given;
  const isWanted = [retention.usual, ...Object.values(retention.cameras)].some(isDeleting);
  const found = await describe(session);
  if (!isWanted) {
    // Another recorder may want it. What this one is asked to delete, it keeps.
    if (found !== undefined) log.warn({ schedule: RETENTION_ID }, 'retention is scheduled, and not configured here');
    return;
  }
  const input: RetentionInput = { mode: 'delete', policies: retention, ...scaleOf(given.policies) };
  if (found === undefined) return await create(session, input, given);
  if (JSON.stringify(inputIn(found)) === JSON.stringify(input)) return;
  await session.ask(
    async ({ schedule }) =>
      await schedule.getHandle(RETENTION_ID).update((previous) => ({ ...previous, action: actionOf(input) })),
  );
  log.info({ schedule: RETENTION_ID, retention }, 'retention has new policies');
}

async function create(
  session: TemporalSession,
  input: RetentionInput,
  { retention, policies, log }: Parameters<typeof ensureRetentionSchedule>[1],
): Promise<void> {
  try {
    await session.ask(
      async ({ schedule }) =>
        await schedule.create({
          scheduleId: RETENTION_ID,
          spec: { intervals: [{ every: policies.retentionEveryMs }] },
          policies: { overlap: 'SKIP', catchupWindow: WORKER_POLICIES.retentionCatchupMs },
          action: actionOf(input),
        }),
    );
    log.info({ schedule: RETENTION_ID, retention }, 'retention is scheduled');
  } catch (error) {
    // Another recorder was quicker.
    if (!(error instanceof ScheduleAlreadyRunning)) throw error;
  }
}

async function describe(session: TemporalSession): Promise<ScheduleDescription | undefined> {
  try {
    return await session.ask(async ({ schedule }) => await schedule.getHandle(RETENTION_ID).describe());
  } catch (error) {
    if (error instanceof ScheduleNotFoundError) return undefined;
    throw error;
  }
}

function actionOf(input: RetentionInput) {
  return {
    type: 'startWorkflow',
    workflowType: 'Retention',
    workflowId: RETENTION_ID,
    taskQueue: WORKFLOW_QUEUE,
    args: [input],
    staticSummary: 'deletes what the policies do not keep',
  } as const;
}

function inputIn({ action }: ScheduleDescription): unknown {
  return action.args?.[0];
}

function scaleOf({ timeScale }: Policies): { readonly timeScale?: number } {
  return timeScale === 1 ? {} : { timeScale };
}
