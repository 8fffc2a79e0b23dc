/** Checks that relative links in the Markdown files lead to a file, and anchors to a heading. Other sites are not asked. */
import { existsSync, readdirSync, readFileSync, statSync } from 'node:fs';
import { dirname, join, relative, resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import { rootDir } from './paths.mjs';

const SKIPPED = new Set(['node_modules', 'dist', '.git', '.tools', '.data', '.cache']);
const INLINE_LINK = /!?\[(?:[^\]\\]|\\.)*\]\(\s*<?([^)\s>]+)>?(?:\s+"[^"]*")?\s*\)/g;
const REFERENCE = /^\s{0,3}\[[^\]]+\]:\s*<?(\S+?)>?(?:\s|$)/gm;
const HTML_LINK = /<(?:a|img)\s[^>]*?(?:href|src)="([^"]+)"/g;

/**
 * @param {string} root
 * @returns {string[]} one sentence for each link that leads nowhere
 */
export function findBrokenLinks(root) {
  return markdownFiles(root).flatMap((file) => {
    const links = linksOf(readFileSync(file, 'utf8'));
    return links.flatMap((link) => {
      const why = judgeLink(file, link);
      return why === undefined ? [] : [`${relative(root, file)}: ${link}: ${why}`];
    });
  });
}

/**
 * Targets of the links of a Markdown text, code left aside.
 *
 * @param {string} text
 */
export function linksOf(text) {
  const prose = withoutCode(text);
  return [INLINE_LINK, REFERENCE, HTML_LINK].flatMap((pattern) =>
    [...prose.matchAll(pattern)].map((match) => match[1] ?? ''),
  );
}

/**
 * Anchors of the headings, made as GitHub makes them; a repeated one gets a number.
 *
 * @param {string} text
 */
export function anchorsOf(text) {
  /** @type {Map<string, number>} */
  const seen = new Map();
  const headings = withoutFences(text).matchAll(/^#{1,6}\s+(.+?)\s*#*$/gm);
  const made = [...headings].map(([, heading = '']) => {
    const anchor = slug(heading);
    const times = seen.get(anchor) ?? 0;
    seen.set(anchor, times + 1);
    return times === 0 ? anchor : `${anchor}-${times}`;
  });
  const named = [...text.matchAll(/<a\s+(?:name|id)="([^"]+)"/g)].map((match) => match[1] ?? '');
  return new Set([...made, ...named]);
}

/**
 * @param {string} file the link is in
 * @param {string} link
 * @returns {string | undefined} why it leads nowhere
 */
function judgeLink(file, link) {
  if (/^[a-z][a-z0-9+.-]*:/i.test(link)) return undefined;
  const [path = '', anchor] = link.split('#', 2);
  const target = path === '' ? file : resolve(dirname(file), decodeURIComponent(path));
  if (!existsSync(target)) return 'there is no such file';
  if (anchor === undefined || anchor === '' || !target.endsWith('.md') || statSync(target).isDirectory()) {
    return undefined;
  }
  return anchorsOf(readFileSync(target, 'utf8')).has(decodeURIComponent(anchor))
    ? undefined
    : 'there is no such heading';
}

/** @param {string} heading */
function slug(heading) {
  return heading
    .replace(/\[([^\]]*)\]\([^)]*\)/g, '$1')
    .replaceAll(/[`*~]/g, '')
    .trim()
    .toLowerCase()
    .replaceAll(/[^\p{L}\p{N}\p{M}_\- ]/gu, '')
    .replaceAll(' ', '-');
}

/** @param {string} text */
function withoutCode(text) {
  return withoutFences(text).replaceAll(/(`+)(?!`)[\s\S]*?[^`]\1(?!`)/g, '');
}

/** @param {string} text */
function withoutFences(text) {
  return text.replaceAll(/^[ \t]*(```+|~~~+)[^\n]*\n[\s\S]*?^[ \t]*\1[ \t]*$/gm, '');
}

/**
 * @param {string} dir
 * @returns {string[]}
 */
function markdownFiles(dir) {
  return readdirSync(dir, { withFileTypes: true }).flatMap((entry) => {
    if (SKIPPED.has(entry.name)) return [];
    const path = join(dir, entry.name);
    if (entry.isDirectory()) return markdownFiles(path);
    return entry.name.endsWith('.md') ? [path] : [];
  });
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? '').href) {
  const broken = findBrokenLinks(rootDir);
  for (const link of broken) console.error(link);
  if (broken.length > 0) process.exit(1);
}
