import { defineSearchAttributeKey, SearchAttributeType } from '@temporalio/common';

/** On a camera's workflow and on those of its uploads: one filter shows them all. */
export const cameraIdKey = defineSearchAttributeKey('CameraId', SearchAttributeType.KEYWORD);
/** Only on a camera's workflow: what the camera does, in one word. */
export const cameraStateKey = defineSearchAttributeKey('CameraState', SearchAttributeType.KEYWORD);
/** The last recorder of a camera, and the one that has a segment's file. */
export const recorderKey = defineSearchAttributeKey('Recorder', SearchAttributeType.KEYWORD);
/** Only on uploads: when the segment began, not when the upload did. */
export const segmentStartKey = defineSearchAttributeKey('SegmentStart', SearchAttributeType.DATETIME);
