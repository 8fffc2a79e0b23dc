import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { neededTools } from '../../src/cli/needed-tools.js';
import { tempDir } from '../support/temp-dir.js';

const KEYS = { S3_ACCESS_KEY_ID: 'key', S3_SECRET_ACCESS_KEY: 'secret' };
const TEMPORAL = 'temporal_address = "127.0.0.1:7233"\n';
const STORE = 's3_endpoint = "http://127.0.0.1:8333"\n';

interface Given {
  readonly files?: Readonly<Record<string, string>>;
  readonly env?: Readonly<Record<string, string>>;
  readonly args?: readonly string[];
}

test.each<readonly [string, Given, readonly string[]]>([
  ['nothing is given', {}, ['ffmpeg', 'temporal', 'weed']],
  ['the file gives both servers', { files: { 'config.toml': TEMPORAL + STORE }, env: KEYS }, ['ffmpeg']],
  ['the file gives Temporal', { files: { 'config.toml': TEMPORAL } }, ['ffmpeg', 'weed']],
  ['variables give the store', { env: { ...KEYS, S3_ENDPOINT: 'http://127.0.0.1:8333' } }, ['ffmpeg', 'temporal']],
  [
    'a named file gives both',
    { files: { 'my.toml': TEMPORAL + STORE }, env: KEYS, args: ['--config', 'my.toml'] },
    ['ffmpeg'],
  ],
  [
    'a variable names the file',
    { files: { 'my.toml': TEMPORAL + STORE }, env: { ...KEYS, CAMERA_RECORDER_CONFIG: 'my.toml' } },
    ['ffmpeg'],
  ],
  ['FFmpeg is given', { files: { 'config.toml': 'ffmpeg_path = "/opt/ffmpeg"\n' } }, ['temporal', 'weed']],
  ['the keys of the store are missing', { files: { 'config.toml': STORE } }, ['ffmpeg']],
  ['the named file is not there', { args: ['--config=none.toml'] }, ['ffmpeg']],
])('when %s, set-up brings what is left', async (_what, { files = {}, env = {}, args = [] }, tools) => {
  const cwd = await tempDir();
  for (const [name, text] of Object.entries(files)) await writeFile(join(cwd, name), text);
  expect(neededTools(args, { env, cwd })).toEqual(tools);
});
