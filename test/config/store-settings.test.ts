import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { readConfig } from '../../src/config/load-config.js';
import { privateAuthority } from '../support/certificates.js';
import { tempDir } from '../support/temp-dir.js';

const STORE = { S3_ENDPOINT: 'https://store:8333', S3_ACCESS_KEY_ID: 'key', S3_SECRET_ACCESS_KEY: 'secret' };

it('trusts the authority in S3_CA_FILE, and says what is wrong with a file that holds none', async () => {
  const cwd = await tempDir('config');
  const read = (path: string) => readConfig({ env: { ...STORE, S3_CA_FILE: path }, cwd });
  await writeFile(join(cwd, 'ca.pem'), privateAuthority().ca);
  expect(read('ca.pem')).toMatchObject({
    config: { store: { ca: expect.stringContaining('CERTIFICATE') } },
    mistakes: [],
  });
  await writeFile(join(cwd, 'none.pem'), '-----BEGIN CERTIFICATE-----\nbm9uZQ==\n-----END CERTIFICATE-----\n');
  const problems = ['none.pem', 'missing.pem'].flatMap((path) => read(path).mistakes);
  expect(problems).toMatchObject([
    { setting: 'S3_CA_FILE', problem: `${join(cwd, 'none.pem')} holds no certificate.` },
    { setting: 'S3_CA_FILE', problem: `${join(cwd, 'missing.pem')} cannot be read (ENOENT).` },
  ]);
});

it.each([
  ['0', null],
  ['96', 900_000],
])('VERIFY_PER_DAY %s reads an object back every %s ms', async (text, everyMs) => {
  const { config } = readConfig({ env: { VERIFY_PER_DAY: text }, cwd: await tempDir('config') });
  expect(config.verifyEveryMs).toBe(everyMs);
});
