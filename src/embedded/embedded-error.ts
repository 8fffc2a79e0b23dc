type EmbeddedFailure = 'tool-missing' | 'tool-refused' | 'server-died' | 'server-not-ready' | 'no-free-port';

/** Thrown when something this machine was to run by itself does not run; the message says what to do about it. */
export class EmbeddedError extends Error {
  readonly code: EmbeddedFailure;
  constructor(code: EmbeddedFailure, message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = 'EmbeddedError';
    this.code = code;
  }
}
