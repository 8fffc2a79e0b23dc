import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { findForbiddenImports, importsOf, judgeImports } from '../../scripts/check-imports.mjs';
import { importRules } from '../../scripts/import-rules.mjs';
import { rootDir } from '../../scripts/paths.mjs';

const judge = (file: string, specifier: string, typesOnly = false) => judgeImports(file, [{ specifier, typesOnly }]);

test('every import of this repository is allowed', () => {
  expect(findForbiddenImports(rootDir)).toEqual([]);
});

test.each([
  ['domain/ids.ts', '../mp4/box.js'],
  ['domain/ids.ts', '../log.js'],
  ['mp4/box.ts', '../spool/spool.js'],
  ['spool/spool.ts', '../recorder/recorder.js'],
  ['spool/spool.ts', '../object-store/object-store.js'],
  ['keeper/keeper.ts', '../spool/spool.js'],
  ['keeper/keeper.ts', '../domain/camera.js'],
  ['keeper/keeper.ts', '../log.js'],
  ['keeper/keeper.ts', 'zod'],
  ['keeper/keeper.ts', 'execa'],
  ['recorder/recorder.ts', '../object-store/object-store.js'],
  ['recorder/recorder.ts', '../keeper/keeper.js'],
  ['recorder/recorder.ts', '../workflows/contract.js'],
  ['recorder/ffmpeg/args.ts', '../../object-store/s3.js'],
  ['recorder/recorder.ts', '@temporalio/common'],
  ['object-store/s3.ts', '../recorder/recorder.js'],
  ['object-store/s3.ts', '@temporalio/activity'],
  ['playback/timeline.ts', '../object-store/s3.js'],
  ['playback/timeline.ts', '../recorder/recorder.js'],
  ['playback/timeline.ts', '@aws-sdk/client-s3'],
  ['workflows/camera.ts', '../recorder/recorder.js'],
  ['workflows/camera.ts', '../activities/record.js'],
  ['workflows/camera.ts', '../log.js'],
  ['workflows/camera.ts', 'pino'],
  ['workflows/camera.ts', '@temporalio/client'],
  ['activities/record.ts', '../workflows/camera.js'],
  ['activities/record.ts', '../workers/main.js'],
  ['activities/upload.ts', '@aws-sdk/client-s3'],
  ['workers/main.ts', '../workflows/camera.js'],
  ['workers/main.ts', '../workflows/policies.js'],
  ['workers/main.ts', '../keeper/keeper.js'],
  ['workers/main.ts', '../http/server.js'],
  ['workers/main.ts', '../cli/main.js'],
  ['config/config.ts', '../workers/main.js'],
  ['config/config.ts', '@temporalio/envconfig'],
  ['simulator/main.ts', '../recorder/recorder.js'],
  ['http/server.ts', '../cli/main.js'],
  ['http/status-view.ts', '../recorder/gap-meter.js'],
  ['http/status-view.ts', '../workflows/contract.js'],
  ['http/server.ts', '@temporalio/client'],
  ['embedded/demo.ts', '../cli/main.js'],
  ['embedded/demo.ts', '@aws-sdk/client-s3'],
  ['cli/main.ts', '@temporalio/client'],
  ['cli/main.ts', '@aws-sdk/client-s3'],
  ['cli/main.ts', 'fastify'],
  ['clock.ts', './log.js'],
  ['brand-new/thing.ts', '../domain/ids.js'],
])('%s may not import %s', (file, specifier) => {
  expect(judge(file, specifier)).toHaveLength(1);
});

test.each([
  ['keeper/keeper.ts', '../domain/camera.js'],
  ['redact.ts', './domain/ids.js'],
  ['http/page-state.ts', '../recorder/recorder.js'],
])('%s may import types of %s, and nothing more', (file, specifier) => {
  expect(judge(file, specifier, true)).toEqual([]);
  expect(judge(file, specifier, false)).toHaveLength(1);
});

test.each(importRules['keeper']?.folders ?? [])('the keeper may import %s, which itself imports nothing', (file) => {
  expect(judge('keeper/keeper.ts', `../${file.replace('.ts', '.js')}`)).toEqual([]);
  expect(importsOf(readFileSync(join(rootDir, 'src', file), 'utf8'))).toEqual([]);
});

test.each(Object.keys(importRules).filter((folder) => folder !== 'keeper' && folder !== 'recorder'))(
  'of all folders but the recorder, %s does not reach the keeper or is above it',
  (folder) => {
    const mayReach = ['activities', 'workers', 'cli'].includes(folder);
    expect(judge(`${folder}/a.ts`, '../keeper/keeper-client.js')).toHaveLength(mayReach ? 0 : 1);
  },
);

test('an import is found in whatever form it is written', () => {
  const text = `import type { A } from './a.js';
import {
  b,
  type B,
} from './b.js';
export * from './c.js';
export type { D } from './d.js';
import './e.js';
const f = await import('./f.js');
const text = "import x from './not-me.js'";
`;
  expect(importsOf(text)).toEqual([
    { specifier: './a.js', typesOnly: true },
    { specifier: './b.js', typesOnly: false },
    { specifier: './c.js', typesOnly: false },
    { specifier: './d.js', typesOnly: true },
    { specifier: './e.js', typesOnly: false },
    { specifier: './f.js', typesOnly: false },
  ]);
});

const BASICS = ['clock.ts', 'log.ts', 'redact.ts'];

test.each(Object.entries(importRules))('the page on the design says what %s may import', (folder, rule) => {
  const page = readFileSync(join(rootDir, 'docs', 'design', 'README.md'), 'utf8');
  const row = page.split('\n').find((line) => line.startsWith(`| \`src/${folder}\` |`)) ?? '';
  const folders = rule.folders.filter((name) => !BASICS.includes(name)).map((name) => `\`${name}\``);
  const basics = BASICS.every((name) => rule.folders.includes(name)) ? ['basics'] : [];
  const types = (rule.types ?? []).map((name) => `types of \`${name}\``);
  const allowed = [...folders, ...basics, ...types].join(', ');
  expect(row.split(' | ').at(-1)).toBe(`${allowed === '' ? 'nothing of ours' : allowed} |`);
});
