/** Checks src/ against import-rules.mjs: which folder imports which, which packages, and names that say nothing. */
import { readdirSync, readFileSync } from 'node:fs';
import { builtinModules } from 'node:module';
import { dirname, join, relative, resolve, sep } from 'node:path';
import { pathToFileURL } from 'node:url';
import { FILE_NAME, FORBIDDEN_WORDS, importRules } from './import-rules.mjs';
import { rootDir } from './paths.mjs';

/** `import … from 'x'`, `export … from 'x'`, `import 'x'`, `import('x')`; the first group says whether types only. */
const IMPORT = /^(?:import|export)\s+(type\s)?(?:[^'";]*?\sfrom\s+)?'([^']+)'|\bimport\(\s*'([^']+)'/gm;
/** What `IMPORT` cannot read: another `import(…)` than that of a text, and `require`. */
const UNREADABLE_IMPORT = /\bimport\(\s*[^'\s)]|\bcreateRequire\b|\brequire\(/;

/**
 * @param {string} root of a check-out
 * @returns {string[]} one sentence for each violation
 */
export function findForbiddenImports(root) {
  const src = join(root, 'src');
  const files = ['src', 'test', 'scripts', 'bench'].flatMap((name) => filesIn(join(root, name)));
  const sources = files.filter((file) => file.startsWith(src + sep) && file.endsWith('.ts'));
  return [
    ...files.map((file) => relative(root, file)).flatMap((file) => judgeName(file).map((why) => `${file}: ${why}`)),
    ...sources.flatMap((file) => {
      const name = toPosix(relative(src, file));
      const text = readFileSync(file, 'utf8');
      const unreadable = UNREADABLE_IMPORT.test(text) ? ['an import that cannot be judged'] : [];
      return [...judgeImports(name, importsOf(text)), ...unreadable].map((why) => `src/${name}: ${why}`);
    }),
  ];
}

/**
 * @param {string} file relative to src/
 * @param {readonly { specifier: string, typesOnly: boolean }[]} imports
 */
export function judgeImports(file, imports) {
  const folder = file.split('/')[0] ?? file;
  const rule = importRules[folder];
  if (rule === undefined) return [`import-rules.mjs has no rule for ${folder}`];
  return imports.flatMap(({ specifier, typesOnly }) => {
    if (!specifier.startsWith('.')) {
      const allowed = isNodes(specifier) || rule.packages.some((pattern) => pattern.test(specifier));
      return allowed ? [] : [`${folder} may not import the package ${specifier}`];
    }
    const target = resolveImport(file, specifier);
    if (target.split('/')[0] === folder) return [];
    if (matches(rule.folders, target) || (typesOnly && matches(rule.types ?? [], target))) return [];
    return [`${folder} may not import ${typesOnly ? 'even types of ' : ''}${target}`];
  });
}

/** @param {string} text */
export function importsOf(text) {
  return [...text.matchAll(IMPORT)].map(([, type, from, called]) => ({
    specifier: from ?? called ?? '',
    typesOnly: type !== undefined,
  }));
}

/**
 * @param {readonly string[]} allowed
 * @param {string} target
 */
function matches(allowed, target) {
  return allowed.some((entry) => target === entry || target.startsWith(`${entry}/`));
}

/**
 * @param {string} file
 * @param {string} specifier
 */
function resolveImport(file, specifier) {
  const base = resolve('/', dirname(file));
  return toPosix(relative('/', resolve(base, specifier))).replace(/\.js$/, '.ts');
}

/** @param {string} specifier */
function isNodes(specifier) {
  return specifier.startsWith('node:') || builtinModules.includes(specifier);
}

/** @param {string} file */
function judgeName(file) {
  const parts = file.split(sep);
  const words = parts.flatMap((part) => part.replaceAll(/([a-z0-9])([A-Z])/g, '$1-$2').split(/[-_.]/));
  const isSource = /\.(ts|mjs)$/.test(file);
  return [
    ...(words.some((word) => FORBIDDEN_WORDS.test(word)) ? ['a name that does not say what is inside'] : []),
    ...(isSource && !FILE_NAME.test(parts.at(-1) ?? '') ? ['a name that is not in kebab-case'] : []),
  ];
}

/** @param {string} path */
function toPosix(path) {
  return path.split(sep).join('/');
}

/**
 * @param {string} dir
 * @returns {string[]}
 */
function filesIn(dir) {
  try {
    const entries = readdirSync(dir, { withFileTypes: true, recursive: true });
    return entries.filter((entry) => entry.isFile()).map((entry) => join(entry.parentPath, entry.name));
  } catch {
    return [];
  }
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? '').href) {
  const found = findForbiddenImports(rootDir);
  for (const violation of found) console.error(violation);
  if (found.length > 0) process.exit(1);
}
