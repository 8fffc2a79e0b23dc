import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { anchorsOf, findBrokenLinks, linksOf } from '../../scripts/check-links.mjs';
import { tempDir } from '../support/temp-dir.js';

test('links are found in all their forms, and not in code', () => {
  const text = `[a](a.md) ![b](b.png "title") [c][ref] <a href="d.md">d</a>
[ref]: <c.md>
\`[no](no.md)\` \`\`[no](no.md)\`\`
\`\`\`sh
[no](no.md)
\`\`\`
`;
  expect(linksOf(text).toSorted()).toEqual(['a.md', 'b.png', 'c.md', 'd.md']);
});

test.each([
  ['# Running it', 'running-it'],
  ['## What `npm start` does', 'what-npm-start-does'],
  ['## INV-1: a seal, once', 'inv-1-a-seal-once'],
  ['## See [the notes](x.md)!', 'see-the-notes'],
  ['### Übersicht – kurz', 'übersicht--kurz'],
])('the anchor of "%s" is %s', (heading, anchor) => {
  expect([...anchorsOf(`${heading}\n`)]).toEqual([anchor]);
});

test('a repeated heading gets a number', () => {
  expect([...anchorsOf('# A\n\n# A\n')]).toEqual(['a', 'a-1']);
});

test('a link to no file and one to no heading are found, and nothing else', async () => {
  const dir = await tempDir();
  await mkdir(join(dir, 'docs'));
  await writeFile(join(dir, 'docs', 'b.md'), '# Here\n[up](../a.md#top) [out](https://example.org/x) [gone](c.md)\n');
  await writeFile(join(dir, 'a.md'), '# Top\n[b](docs/b.md#here) [dir](docs) [self](#top) [bad](docs/b.md#there)\n');
  expect(findBrokenLinks(dir)).toEqual([
    'a.md: docs/b.md#there: there is no such heading',
    'docs/b.md: c.md: there is no such file',
  ]);
});
