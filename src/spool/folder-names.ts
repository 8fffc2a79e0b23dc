import { readdir } from 'node:fs/promises';
import { errnoOf } from './spool-error.js';

/** Names in a folder, sorted; none when the folder is not there. */
export async function namesIn(dir: string): Promise<readonly string[]> {
  try {
    return (await readdir(dir)).sort();
  } catch (error) {
    if (errnoOf(error) === 'ENOENT') return [];
    throw error;
  }
}

/** Folders whose names are ids of one kind, sorted; others are passed over. */
export async function foldersIn<Id>(dir: string, parse: (text: string) => Id): Promise<readonly Id[]> {
  try {
    const entries = await readdir(dir, { withFileTypes: true });
    const names = entries.filter((entry) => entry.isDirectory()).map((entry) => entry.name);
    return names.sort().flatMap((name) => idIn(name, parse));
  } catch (error) {
    if (errnoOf(error) === 'ENOENT') return [];
    throw error;
  }
}

/** The id a name is, in a list; an empty list when somebody else made the name. */
export function idIn<Id>(name: string, parse: (text: string) => Id): readonly Id[] {
  try {
    return [parse(name)];
  } catch (error) {
    if (errnoOf(error) === 'invalid-id') return [];
    throw error;
  }
}
