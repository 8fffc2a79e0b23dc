/** `ENOENT` and the like; undefined for an error that is not of a system call. */
export function errnoOf(error: unknown): unknown {
  return error instanceof Error && 'code' in error ? error.code : undefined;
}
