/** Whether power is lost here as it is lost elsewhere; what the recorder makes of it is in `power-loss.test.ts`. */
import { readFileSync } from 'node:fs';
import { mkdir, open, readdir, rename, rm, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, onTestFinished, test } from 'vitest';
import { systemDisk } from '../../src/spool/durable-file.js';
import { POWER_LOSSES } from '../support/power/power-loss.js';
import { type PowerWatch, watchPower } from '../support/power/power-watch.js';
import { tempDir } from '../support/temp-dir.js';

interface Machine {
  readonly root: string;
  readonly power: PowerWatch;
  /** The files that are there after a power loss now, with what they hold. */
  after(loss: keyof typeof POWER_LOSSES): Promise<Readonly<Record<string, string>>>;
}

async function machine(): Promise<Machine> {
  const root = await tempDir('power');
  const power = await watchPower(root);
  onTestFinished(() => power.end());
  return {
    root,
    power,
    after: async (loss) => {
      const moment = power.moment(loss);
      const target = await tempDir('power-back');
      power.writeImage(POWER_LOSSES[loss](moment), target);
      const names = await readdir(target, { recursive: true, withFileTypes: true });
      const files = names.filter((entry) => entry.isFile()).map((entry) => join(entry.parentPath, entry.name));
      return Object.fromEntries(
        files.sort().map((path) => [path.slice(target.length + 1), readFileSync(path, 'utf8')]),
      );
    },
  };
}

const LEAST = 'only what was synced';

describe('a power loss', () => {
  test('takes a file that was not synced, and leaves one that was, where its folder was synced after it', async () => {
    const { root, after } = await machine();
    await writeFile(join(root, 'unsynced'), 'a');
    await systemDisk.writeFile(join(root, 'synced'), Buffer.from('b'));
    expect(await after(LEAST)).toEqual({});
    await systemDisk.syncFolder(root);
    expect(await after(LEAST)).toEqual({ synced: 'b', unsynced: '' });
    await systemDisk.syncFile(join(root, 'unsynced'));
    expect(await after(LEAST)).toEqual({ synced: 'b', unsynced: 'a' });
  });

  test('takes what a file got after its last sync, by fsync or by fdatasync', async () => {
    const { root, after } = await machine();
    const file = await open(join(root, 'grows'), 'a');
    await systemDisk.syncFolder(root);
    await file.write('one');
    await file.sync();
    await file.write(' two');
    expect(await after(LEAST)).toEqual({ grows: 'one' });
    expect(await after('all there was')).toEqual({ grows: 'one two' });
    expect(await after('zeros at the end')).toEqual({ grows: 'one\0\0\0\0' });
    expect(await after('half of the end')).toEqual({ grows: 'one t' });
    await file.datasync();
    expect(await after(LEAST)).toEqual({ grows: 'one two' });
    await file.close();
  });

  test('undoes a rename and a removal until the folder is synced', async () => {
    const { root, after } = await machine();
    await systemDisk.writeFile(join(root, 'old'), Buffer.from('a'));
    await systemDisk.writeFile(join(root, 'gone'), Buffer.from('b'));
    await systemDisk.syncFolder(root);
    await rename(join(root, 'old'), join(root, 'new'));
    await rm(join(root, 'gone'));
    expect(await after(LEAST)).toEqual({ old: 'a', gone: 'b' });
    expect(await after('names without bytes')).toEqual({ new: 'a' });
    expect(await after('old names beside the new')).toEqual({ old: 'a', new: 'a', gone: 'b' });
    await systemDisk.syncFolder(root);
    expect(await after(LEAST)).toEqual({ new: 'a' });
  });

  test('takes a file that was renamed from one folder to another when only the first one was synced', async () => {
    const { root, after } = await machine();
    await systemDisk.makeFolder(join(root, 'from'));
    await systemDisk.makeFolder(join(root, 'to'));
    await systemDisk.writeFile(join(root, 'from', 'file'), Buffer.from('a'));
    await systemDisk.syncFolder(join(root, 'from'));
    await rename(join(root, 'from', 'file'), join(root, 'to', 'file'));
    expect(await after(LEAST)).toEqual({ 'from/file': 'a' });
    await systemDisk.syncFolder(join(root, 'from'));
    expect(await after(LEAST)).toEqual({});
    await systemDisk.syncFolder(join(root, 'to'));
    expect(await after(LEAST)).toEqual({ 'to/file': 'a' });
  });

  test('takes a folder whose own name was not synced, with all in it', async () => {
    const { root, after } = await machine();
    await mkdir(join(root, 'a', 'b'), { recursive: true });
    await systemDisk.writeFile(join(root, 'a', 'b', 'file'), Buffer.from('x'));
    await systemDisk.syncFolder(join(root, 'a', 'b'));
    await systemDisk.syncFolder(root);
    expect(await after(LEAST)).toEqual({});
    await systemDisk.syncFolder(join(root, 'a'));
    expect(await after(LEAST)).toEqual({ 'a/b/file': 'x' });
  });

  test('leaves what was synced when the sync was asked for, not what came while it ran', async () => {
    const { root, power, after } = await machine();
    const file = await open(join(root, 'grows'), 'a');
    await systemDisk.syncFolder(root);
    await file.write('before');
    const told: string[] = [];
    power.onSync((path) => told.push(path));
    const syncing = file.sync();
    await file.write(' after');
    expect(await after(LEAST)).toEqual({ grows: '' });
    await syncing;
    expect(await after(LEAST)).toEqual({ grows: 'before' });
    expect(told).toEqual([join(root, 'grows')]);
    await file.close();
  });

  test('leaves files their times', async () => {
    const { root, power } = await machine();
    const path = join(root, 'file');
    await systemDisk.writeFile(path, Buffer.from('a'));
    const before = await stat(path);
    const target = await tempDir('power-back');
    power.writeImage(power.moment('').actual, target);
    const handle = await open(join(target, 'file'));
    const { birthtimeMs, mtimeMs } = await handle.stat();
    await handle.close();
    expect(birthtimeMs).toBeCloseTo(before.birthtimeMs, 0);
    expect(mtimeMs).toBeCloseTo(before.mtimeMs, 0);
  });
});
