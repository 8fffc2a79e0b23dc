import { WorkflowNotFoundError } from '@temporalio/client';
import { type CameraId, InvalidIdError, parseRecorderId, type RecorderId } from '../domain/ids.js';
import { cameraStateKey, recorderKey } from '../workflows/search-attribute-keys.js';
import type { TemporalSession } from './temporal/connection.js';

/** What Temporal says about a camera's workflow. */
export type WorkflowView =
  | { readonly kind: 'open'; readonly state: string | null; readonly recorder: RecorderId | null }
  | { readonly kind: 'ended'; readonly how: 'canceled' | 'completed' | 'terminated' }
  | { readonly kind: 'broken'; readonly how: 'failed' | 'timed-out' }
  | { readonly kind: 'not-found'; readonly isSameNamespace: boolean }
  | { readonly kind: 'unreachable' };

/** Asks the server only, so that no workflow worker need be up. Never rejects: no answer is an answer. */
export async function viewWorkflow(
  session: TemporalSession,
  camera: CameraId,
  isSameNamespace: boolean,
): Promise<WorkflowView> {
  try {
    const { status, searchAttributes } = await session.ask(
      async ({ workflow }) => await workflow.getHandle(camera).describe(),
    );
    return viewOf(status.name, searchAttributes);
  } catch (error) {
    return error instanceof WorkflowNotFoundError ? { kind: 'not-found', isSameNamespace } : { kind: 'unreachable' };
  }
}

function viewOf(status: string, attributes: Readonly<Record<string, unknown>>): WorkflowView {
  switch (status) {
    case 'CANCELLED':
      return { kind: 'ended', how: 'canceled' };
    case 'COMPLETED':
      return { kind: 'ended', how: 'completed' };
    case 'TERMINATED':
      return { kind: 'ended', how: 'terminated' };
    case 'FAILED':
      return { kind: 'broken', how: 'failed' };
    case 'TIMED_OUT':
      return { kind: 'broken', how: 'timed-out' };
    default:
      return { kind: 'open', state: firstText(attributes[cameraStateKey.name]), recorder: recorderIn(attributes) };
  }
}

function firstText(value: unknown): string | null {
  const first: unknown = Array.isArray(value) ? value[0] : undefined;
  return typeof first === 'string' ? first : null;
}

function recorderIn(attributes: Readonly<Record<string, unknown>>): RecorderId | null {
  const text = firstText(attributes[recorderKey.name]);
  if (text === null) return null;
  try {
    return parseRecorderId(text);
  } catch (error) {
    // Written by hand: nobody we know.
    if (error instanceof InvalidIdError) return null;
    throw error;
  }
}
