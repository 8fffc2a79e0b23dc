type SimulatorErrorCode = 'picture-failed' | 'picture-unreadable' | 'bad-option';

/** Thrown by everything in this folder. */
export class SimulatorError extends Error {
  readonly code: SimulatorErrorCode;
  constructor(code: SimulatorErrorCode, message: string, cause: unknown = null) {
    super(message, cause === null ? {} : { cause });
    this.name = 'SimulatorError';
    this.code = code;
  }
}
