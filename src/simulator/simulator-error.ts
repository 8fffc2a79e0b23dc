export type SimulatorErrorCode = 'picture-failed' | 'picture-unreadable' | 'closed' | 'bad-option';

/** Thrown by everything in this folder. */
export class SimulatorError extends Error {
  readonly code: SimulatorErrorCode;
  constructor(code: SimulatorErrorCode, message: string, cause?: unknown) {
    super(message, cause === undefined ? {} : { cause });
    this.name = 'SimulatorError';
    this.code = code;
  }
}
