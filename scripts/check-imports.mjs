/** Checks src/ against import-rules.mjs: which folder imports which, which packages, and names that say nothing. */
import { readdirSync, readFileSync } from 'node:fs';
import { builtinModules } from 'node:module';
import { dirname, join, relative, resolve, sep } from 'node:path';
import { pathToFileURL } from 'node:url';
import { FORBIDDEN_NAMES, importRules } from './import-rules.mjs';
import { rootDir } from './paths.mjs';

/** `import … from 'x'`, `export … from 'x'`, `import 'x'`, `import('x')`; the first group says whether types only. */
const IMPORT = /^(?:import|export)\s+(type\s)?(?:[^'";]*?\sfrom\s+)?'([^']+)'|\bimport\(\s*'([^']+)'/gm;

/**
 * @param {string} root of a check-out
 * @returns {string[]} one sentence for each violation
 */
export function findForbiddenImports(root) {
  const src = join(root, 'src');
  const files = ['src', 'test', 'scripts', 'bench'].flatMap((name) => filesIn(join(root, name)));
  const named = files.map((file) => relative(root, file)).filter((file) => hasForbiddenName(file));
  const sources = files.filter((file) => file.startsWith(src + sep) && file.endsWith('.ts'));
  return [
    ...named.map((file) => `${file}: a name that does not say what is inside`),
    ...sources.flatMap((file) => {
      const name = toPosix(relative(src, file));
      return judgeImports(name, importsOf(readFileSync(file, 'utf8'))).map((why) => `src/${name}: ${why}`);
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
function hasForbiddenName(file) {
  return file.split(sep).some((part) => FORBIDDEN_NAMES.test(part));
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
