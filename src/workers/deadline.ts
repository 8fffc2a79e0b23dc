/** Thrown when something took longer than it may. */
export class DeadlineError extends Error {
  readonly code = 'deadline';
  constructor(what: string, deadlineMs: number) {
    super(`${what} took longer than ${deadlineMs} ms`);
    this.name = 'DeadlineError';
  }
}

/** Rejects with `DeadlineError` when `work` is not done in time. The work itself goes on: its late result or failure is nobody's. */
export async function within<T>(what: string, deadlineMs: number, work: Promise<T>): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new DeadlineError(what, deadlineMs)), deadlineMs);
  });
  try {
    return await Promise.race([work, late]);
  } finally {
    clearTimeout(timer);
    // A failure after the deadline must not be an unhandled rejection; the deadline was reported already.
    work.catch(() => undefined);
  }
}
