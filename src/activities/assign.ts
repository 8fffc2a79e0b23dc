import { ApplicationFailure } from '@temporalio/common';
import type { Declined } from '../domain/declines.js';
import type { CameraId, RecorderId } from '../domain/ids.js';
import type { Recorder } from '../recorder/recorder.js';
import { redact } from '../redact.js';
import type { Activities } from '../workflows/contract.js';

/** Told of every answer but the one of a worker that is shutting down. */
export interface AssignObserver {
  declined(camera: CameraId, why: Pick<Declined, 'decline' | 'detail'>): void;
  accepted(camera: CameraId): void;
}

interface AssignDeps {
  readonly recorderId: RecorderId;
  /** Of the recorder's site. */
  readonly timezone: string;
  readonly recorder: Pick<Recorder, 'declines' | 'conditions'>;
  /** True once this worker began to shut down: it takes nothing new then. */
  readonly isShuttingDown: () => boolean;
  readonly observer: AssignObserver;
}

/** Says whether this recorder takes the camera. Changes nothing, so it may run twice (INV-6). */
export function createAssignActivities(deps: AssignDeps): Pick<Activities, 'assignCamera'> {
  return {
    async assignCamera({ camera, spec }) {
      if (deps.isShuttingDown()) throw refusal(deps, 'shutting-down', 'it is shutting down');
      // Full is no reason to send away what is here already.
      const declined = isRecordedHere(deps, camera) ? null : await deps.recorder.declines(camera, spec);
      if (declined !== null) {
        deps.observer.declined(camera, { decline: declined.code, detail: redact(declined.detail) });
        throw refusal(deps, declined.code, declined.detail);
      }
      deps.observer.accepted(camera);
      return { recorder: deps.recorderId, timezone: deps.timezone };
    },
  };
}

function isRecordedHere({ recorder }: AssignDeps, camera: CameraId): boolean {
  return recorder.conditions().get(camera)?.kind === 'recording';
}

function refusal({ recorderId }: AssignDeps, type: string, detail: string): ApplicationFailure {
  return ApplicationFailure.retryable(redact(`recorder ${recorderId} does not take the camera: ${detail}`), type);
}
