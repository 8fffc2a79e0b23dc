/** Thrown when set-up cannot go on; the message is for the person at the terminal and says what to do. */
export class SetupError extends Error {
  /** @param {string} message */
  constructor(message) {
    super(message);
    this.name = 'SetupError';
  }
}

/**
 * Prints what a person should read of an error and ends with code 1.
 *
 * @param {unknown} error
 * @returns {never}
 */
export function failWith(error) {
  console.error(error instanceof SetupError ? `\n${error.message}` : error);
  process.exit(1);
}
