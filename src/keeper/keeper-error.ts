/**
 * `already-recording`: the camera has a live FFmpeg (INV-5). `session-ended`: the session's exit is still to be heard.
 * `shutting-down`: nothing is started any more. `no-program`: `argv[0]` is not there. `no-answer`: the keeper did not answer in time,
 * so look at `list` before asking again. `disconnected`: the keeper is gone. `not-under-keeper`: this process was not started by one.
 * Anything else is an errno (`EACCES`, `EMFILE`, …).
 */
export type KeeperErrorCode =
  | 'already-recording'
  | 'session-ended'
  | 'shutting-down'
  | 'no-program'
  | 'no-answer'
  | 'disconnected'
  | 'not-under-keeper'
  | (string & {});

/** Thrown by the keeper's client, and inside the keeper, when a request cannot be met. */
export class KeeperError extends Error {
  readonly code: KeeperErrorCode;
  constructor(code: KeeperErrorCode, message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = 'KeeperError';
    this.code = code;
  }
}
