import { cp, mkdir, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { execa } from 'execa';
import { beforeAll, expect, test } from 'vitest';
import { findForbiddenImports } from '../../scripts/check-imports.mjs';
import { rootDir } from '../../scripts/paths.mjs';
import { afterFile } from '../support/after-file.js';
import { tempDirUntil } from '../support/temp-dir.js';

/** File, the rule that must name it, and what is wrong. */
const planted: readonly (readonly [file: string, rule: string, text: string])[] = [
  ['recorder/planted-floating.ts', 'no-floating-promises', 'export function f(): void { Promise.resolve(1); }'],
  [
    'recorder/planted-misused.ts',
    'no-misused-promises',
    'export const g = (xs: number[]): void => xs.forEach(async (x) => { await Promise.resolve(x); });',
  ],
  ['domain/planted-any.ts', 'no-explicit-any', 'export const a: any = 1;'],
  [
    'domain/planted-type-import.ts',
    'consistent-type-imports',
    "import { CameraId } from './ids.js';\nexport type Id = CameraId;",
  ],
  [
    'mp4/planted-cycle-a.ts',
    'no-cycle',
    "import { b } from './planted-cycle-b.js';\nexport const a = (): unknown => b;",
  ],
  [
    'mp4/planted-cycle-b.ts',
    'no-cycle',
    "import { a } from './planted-cycle-a.js';\nexport const b = (): unknown => a;",
  ],
  ['spool/planted-console.ts', 'no-console', "export const say = (): void => console.log('hello');"],
  ['spool/planted-default.ts', 'no-default-export', 'export default 1;'],
  [
    'domain/planted-switch.ts',
    'switch-exhaustiveness-check',
    "export const s = (x: 'a' | 'b'): void => {\n  switch (x) {\n    case 'a':\n      return;\n  }\n};",
  ],
  [
    'domain/planted-long.ts',
    'max-lines-per-function',
    `export function long(): number {\n  let n = 0;\n${'  n += 1;\n'.repeat(60)}  return n;\n}`,
  ],
  [
    'workers/planted-timeout.ts',
    'no-restricted-properties',
    'export const both = (signal: AbortSignal): AbortSignal => AbortSignal.any([signal, AbortSignal.timeout(1_000)]);',
  ],
  ['domain/planted-throw.ts', 'only-throw-error', "export const t = (): never => {\n  throw 'text';\n};"],
  ['domain/planted-await.ts', 'await-thenable', 'export const w = async (): Promise<number> => await 1;'],
  [
    'domain/planted-non-null.ts',
    'no-non-null-assertion',
    'export const first = (xs: readonly number[]): number => xs[0]!;',
  ],
  ['mp4/planted-self.ts', 'no-self-import', "import './planted-self.js';"],
  ['mp4/planted-var.ts', 'no-var', 'export var v = 1;'],
  ['mp4/planted-let.ts', 'prefer-const', 'let c = 1;\nexport const d = (): number => c;'],
  ['mp4/planted-equal.ts', 'eqeqeq', 'export const e = (a: number, b: number): boolean => a == b;'],
  [
    'mp4/planted-else.ts',
    'no-else-return',
    'export function l(a: boolean): number {\n  if (a) {\n    return 1;\n  } else {\n    return 2;\n  }\n}',
  ],
  [
    'mp4/planted-params.ts',
    'max-params',
    'export const p = (a: number, b: number, c: number, d: number, e: number): number => a + b + c + d + e;',
  ],
  [
    'mp4/planted-depth.ts',
    'max-depth',
    `export function deep(a: boolean): void {\n${'if (a) {\n'.repeat(5)}deep(a);\n${'}\n'.repeat(5)}}`,
  ],
  ['mp4/planted-lines.ts', 'max-lines', `${'export {};\n'.repeat(401)}`],
];

const plantedImports: readonly (readonly [file: string, text: string, why: string])[] = [
  ['keeper/planted-package.ts', "import 'pino';", 'keeper may not import the package pino'],
  ['keeper/planted-domain.ts', "import '../domain/camera.js';", 'keeper may not import domain/camera.ts'],
  ['workflows/planted.ts', "import '../recorder/outcome.js';", 'workflows may not import recorder/outcome.ts'],
  ['http/planted.ts', "import '@temporalio/client';", 'http may not import the package @temporalio/client'],
  ['http/planted-contract.ts', "import '../workflows/contract.js';", 'http may not import workflows/contract.ts'],
  ['http/planted-recorder.ts', "import '../recorder/recorder.js';", 'http may not import recorder/recorder.ts'],
  [
    'http/planted-types.ts',
    "import type { MsByCause } from '../recorder/gap-meter.js';",
    'http may not import even types of recorder/gap-meter.ts',
  ],
  ['workers/planted-keeper.ts', "import '../keeper/keeper.js';", 'workers may not import keeper/keeper.ts'],
  ['http/planted-aws.ts', "import '@aws-sdk/client-s3';", 'http may not import the package @aws-sdk/client-s3'],
  [
    'keeper/planted-require.ts',
    "import { createRequire } from 'node:module';\ncreateRequire(import.meta.url)('pino');",
    'an import that cannot be judged',
  ],
  ['keeper/planted-template.ts', 'await import(`pino`);', 'an import that cannot be judged'],
  ['keeper/planted-name.ts', "const name = 'pino';\nawait import(name);", 'an import that cannot be judged'],
  ['spool/utils.ts', 'export {};', 'a name that does not say what is inside'],
  ['spool/spool-utils.ts', 'export {};', 'a name that does not say what is inside'],
  ['spool/spoolHelpers.ts', 'export {};', 'a name that does not say what is inside'],
  ['spool/spoolHelpers.ts', 'export {};', 'a name that is not in kebab-case'],
  ['spool/BadName_x.ts', 'export {};', 'a name that is not in kebab-case'],
];

let copy = '';

beforeAll(async () => {
  copy = await tempDirUntil(afterFile);
  for (const name of ['src', 'tsconfig.json', 'tsconfig.build.json', 'package.json', '.oxlintrc.json']) {
    await cp(join(rootDir, name), join(copy, name), { recursive: true });
  }
  await symlink(join(rootDir, 'node_modules'), join(copy, 'node_modules'));
});

test('the sources as they are pass the linter', async () => {
  expect(await lint()).toEqual([]);
});

test('each planted violation is found, and by its rule', async () => {
  await plant(planted.map(([file, , text]) => [file, text]));
  const found = (await lint()).map(({ filename, code }) => `${filename} ${code}`);
  for (const [file, rule] of planted) {
    expect(found).toContainEqual(expect.stringMatching(new RegExp(`src/${file} .*\\(${rule}\\)`)));
  }
});

test('each planted import against the one-way rule is found', async () => {
  await plant(plantedImports.map(([file, text]) => [file, text]));
  expect(findForbiddenImports(copy).toSorted()).toEqual(
    plantedImports.map(([file, , why]) => `src/${file}: ${why}`).toSorted(),
  );
});

async function plant(files: readonly (readonly [file: string, text: string])[]): Promise<void> {
  for (const [file, text] of files) {
    await mkdir(join(copy, 'src', file, '..'), { recursive: true });
    await writeFile(join(copy, 'src', file), `${text}\n`);
  }
}

async function lint(): Promise<readonly { readonly filename: string; readonly code: string }[]> {
  const oxlint = join(rootDir, 'node_modules', 'oxlint', 'bin', 'oxlint');
  const args = ['--type-aware', '--deny-warnings', '-f', 'json', 'src'];
  const { stdout, stderr } = await execa(process.execPath, [oxlint, ...args], { cwd: copy, reject: false });
  expect(stderr).toBe('');
  return (JSON.parse(stdout) as { diagnostics: { filename: string; code: string }[] }).diagnostics;
}
