import { defineSearchAttributeKey, SearchAttributeType } from '@temporalio/common';

export const cameraIdKey = defineSearchAttributeKey('CameraId', SearchAttributeType.KEYWORD);
export const cameraStateKey = defineSearchAttributeKey('CameraState', SearchAttributeType.KEYWORD);
export const recorderKey = defineSearchAttributeKey('Recorder', SearchAttributeType.KEYWORD);
export const segmentStartKey = defineSearchAttributeKey('SegmentStart', SearchAttributeType.DATETIME);
