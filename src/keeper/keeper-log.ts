export type KeeperLogFields = Readonly<Record<string, string | number | boolean | null>>;

/** Constant lower-case message, the rest in fields. Must not throw. */
export type KeeperLog = (level: 'info' | 'warn' | 'error', message: string, fields?: KeeperLogFields) => void;

/** One JSON line an event, shaped like the worker's. A reader that is gone (EPIPE, EIO) must not end the keeper: recordings matter more than words. */
export function createKeeperLog(stream: NodeJS.WriteStream): KeeperLog {
  stream.on('error', () => undefined);
  return (level, message, fields = {}) => {
    const line = { level, time: new Date().toISOString(), name: 'keeper', ...fields, msg: message };
    stream.write(`${JSON.stringify(line)}\n`);
  };
}

/** Only name and errno: an error's text may hold what it was about (INV-7). */
export function reasonOf(error: unknown): string {
  if (error instanceof Error && 'code' in error) return String(error.code);
  return error instanceof Error ? error.name : typeof error;
}
