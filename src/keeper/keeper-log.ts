type KeeperLogFields = Readonly<Record<string, string | number | boolean | null>>;

const LEVELS = ['debug', 'info', 'warn', 'error'] as const;
type KeeperLogLevel = (typeof LEVELS)[number];

/** Constant lower-case message, the rest in fields. Must not throw. */
export type KeeperLog = (level: KeeperLogLevel, message: string, fields?: KeeperLogFields) => void;

/**
 * One JSON line an event, shaped like the worker's. A reader that is gone (EPIPE, EIO) must not end the keeper: recordings matter more
 * than words.
 * @param lowest a level of the worker's, of which there are more; what is none of them means `info`
 */
export function createKeeperLog(stream: NodeJS.WritableStream, lowest = 'info'): KeeperLog {
  stream.on('error', () => undefined);
  const logged = levelsFrom(lowest);
  return (level, message, fields = {}) => {
    if (!logged.includes(level)) return;
    const line = { level, time: new Date().toISOString(), name: 'keeper', ...fields, msg: message };
    stream.write(`${JSON.stringify(line)}\n`);
  };
}

function levelsFrom(lowest: string): readonly KeeperLogLevel[] {
  if (lowest === 'trace') return LEVELS;
  if (lowest === 'fatal' || lowest === 'silent') return [];
  const from = LEVELS.findIndex((level) => level === lowest);
  return from === -1 ? levelsFrom('info') : LEVELS.slice(from);
}

/** Only name and errno: an error's text may hold what it was about (INV-7). */
export function reasonOf(error: unknown): string {
  if (error instanceof Error && 'code' in error) return String(error.code);
  return error instanceof Error ? error.name : typeof error;
}
