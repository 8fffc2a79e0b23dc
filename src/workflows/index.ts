/** What the workflow bundle exports; the names are the workflow types of the command line and the Web UI. */
export { Camera } from './camera.js';
export { Retention } from './retention.js';
export { UploadSegment } from './upload-segment.js';
