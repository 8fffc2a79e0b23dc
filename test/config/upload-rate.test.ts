import { expect, it } from 'vitest';
import { readConfig } from '../../src/config/load-config.js';

const read = (given: string) => readConfig({ env: { UPLOAD_MAX_BYTES_PER_SECOND: given }, cwd: '/nowhere' });

it('reads a rate with its unit', () => {
  const { config, mistakes } = read('2MiB');
  expect(mistakes).toEqual([]);
  expect(config.uploadBytesPerSecond).toBe(2 ** 21);
});

it.each(['2kB', '0', '1KiB', '2MiB/s'])('refuses %s', (given) => {
  const { config, mistakes } = read(given);
  expect(config.uploadBytesPerSecond).toBeNull();
  expect(mistakes).toMatchObject([{ setting: 'UPLOAD_MAX_BYTES_PER_SECOND' }]);
});
