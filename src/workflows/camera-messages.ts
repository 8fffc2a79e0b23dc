import { defineQuery, defineSignal, defineUpdate } from '@temporalio/workflow';
import {
  ASSIGNMENT_DECLINED_SIGNAL,
  type CameraStatus,
  CONDITION_CHANGED_SIGNAL,
  PAUSE_UPDATE,
  RECONFIGURE_UPDATE,
  RESUME_UPDATE,
  SEGMENTS_LOST_SIGNAL,
  SEGMENTS_SEALED_SIGNAL,
  STATUS_QUERY,
} from './contract.js';

/** Parsed by the handler: anybody may send it. */
export const segmentsSealedSignal = defineSignal<[unknown]>(SEGMENTS_SEALED_SIGNAL);
/** Parsed by the handler: anybody may send it. */
export const conditionChangedSignal = defineSignal<[unknown]>(CONDITION_CHANGED_SIGNAL);
/** Parsed by the handler: anybody may send it. */
export const assignmentDeclinedSignal = defineSignal<[unknown]>(ASSIGNMENT_DECLINED_SIGNAL);
/** Parsed by the handler: anybody may send it. */
export const segmentsLostSignal = defineSignal<[unknown]>(SEGMENTS_LOST_SIGNAL);
/** Answered once it is noted: FFmpeg ends after that. Idempotent; the newest reason counts. */
export const pauseUpdate = defineUpdate<CameraStatus, [unknown]>(PAUSE_UPDATE);
/** Answered once it is noted: recording begins after that. Idempotent. */
export const resumeUpdate = defineUpdate<CameraStatus, []>(RESUME_UPDATE);
/** Takes any part of the spec; the rest stays as it is. */
export const reconfigureUpdate = defineUpdate<CameraStatus, [unknown]>(RECONFIGURE_UPDATE);
/** Adds nothing to the history; a closed workflow answers too, while its history is kept. */
export const statusQuery = defineQuery<CameraStatus>(STATUS_QUERY);

/** What the Web UI shows beside each handler. */
export const DESCRIPTIONS = {
  segmentsSealed: 'From a recorder: these segments are complete; an upload is started for each.',
  conditionChanged: 'From a recorder: what the camera does now.',
  assignmentDeclined: 'From a recorder: it does not take this camera, and why.',
  segmentsLost: 'From `camera-recorder recorder-lost`: the uploads of these segments have ended as lost.',
  pause:
    'Stop recording until `resume`, e.g. {"reason": "painting the wall"} or nothing. FFmpeg ends within 10 seconds; what is recorded is uploaded.',
  resume: 'Record again after `pause`.',
  reconfigure: 'Change settings, e.g. {"segmentDurationSec": 300}. What is not given stays. The recording starts anew.',
  status: 'What is wanted, which recorder has the camera, what it does now and the newest segments.',
} as const;
