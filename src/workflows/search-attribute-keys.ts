import { defineSearchAttributeKey, SearchAttributeType } from '@temporalio/common';
import type { SEARCH_ATTRIBUTES } from './contract.js';

type Attributes = typeof SEARCH_ATTRIBUTES;
/** So that a key whose name or type is not the one in the contract does not compile. */
type NameOf<Type> = { [Name in keyof Attributes]: Attributes[Name] extends Type ? Name : never }[keyof Attributes];

const keyword = (name: NameOf<'Keyword'>) => defineSearchAttributeKey(name, SearchAttributeType.KEYWORD);
const datetime = (name: NameOf<'Datetime'>) => defineSearchAttributeKey(name, SearchAttributeType.DATETIME);

/** On a camera's workflow and on those of its uploads: one filter shows them all. */
export const cameraIdKey = keyword('CameraId');
/** Only on a camera's workflow: what the camera does, in one word. */
export const cameraStateKey = keyword('CameraState');
/** The last recorder of a camera, and the one that has a segment's file. */
export const recorderKey = keyword('Recorder');
/** Only on uploads: when the segment began, not when the upload did. */
export const segmentStartKey = datetime('SegmentStart');
