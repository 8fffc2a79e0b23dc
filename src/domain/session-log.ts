/** FFmpeg's log in the folder of its session: the keeper opens it, the recorder reads and deletes it. */
export const SESSION_LOG = 'ffmpeg.log';
