import { boxesIn, fourCc } from '../../../src/mp4/box.js';
import { box } from '../../../src/mp4/box-writer.js';

/** The same file with one box's content replaced, wherever the path of types leads; all sizes around it follow. */
export function rewriteBox(
  bytes: Uint8Array,
  path: readonly string[],
  change: (content: Buffer) => Uint8Array,
): Uint8Array {
  const [type, ...deeper] = path;
  const parts = boxesIn(bytes).map((part) => {
    if (part.type !== type) return part.whole;
    const content = Buffer.from(part.content);
    return box(type, deeper.length === 0 ? change(content) : rewriteBox(content, deeper, change));
  });
  return Buffer.concat(parts);
}

/** Gives every box of that path another type; nothing moves. */
export function renameBox(bytes: Uint8Array, path: readonly string[], to: string): Uint8Array {
  const renamed = Buffer.from(bytes);
  const rename = (from: number, until: number, [type, ...deeper]: readonly string[]): void => {
    let at = from;
    for (const part of boxesIn(renamed.subarray(from, until))) {
      if (part.type === type && deeper.length === 0) renamed.write(to, at + 4, 'latin1');
      if (part.type === type && deeper.length > 0) rename(at + 8, at + part.whole.length, deeper);
      at += part.whole.length;
    }
  };
  rename(0, renamed.length, path);
  return renamed;
}

/** Where the n-th box of that type starts among the outermost ones. */
export function outerBoxAt(bytes: Uint8Array, type: string, n = 0): number {
  let at = 0;
  let left = n;
  for (const part of boxesIn(bytes)) {
    if (fourCc(part.whole.subarray(4, 8)) === type && left-- === 0) return at;
    at += part.whole.length;
  }
  throw new Error(`there are not ${n + 1} ${type} boxes`);
}
