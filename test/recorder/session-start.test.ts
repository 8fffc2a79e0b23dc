import { expect, test } from 'vitest';
import { parseCameraId } from '../../src/domain/ids.js';
import { startSession } from '../../src/recorder/session-start.js';
import { redact } from '../../src/redact.js';
import { SpoolError } from '../../src/spool/spool-error.js';
import { errnoError } from '../spool/failing-disk.js';
import { SPEC } from '../support/worker-harness.js';

const wrapped = (code: string) =>
  new SpoolError('spool-failing', redact('write session.json'), { cause: errnoError(code) });

test.each([
  [errnoError('ENOSPC'), 'no-space'],
  [errnoError('EDQUOT'), 'no-space'],
  [errnoError('EROFS'), 'disk-failing'],
  [errnoError('EIO'), 'disk-failing'],
  [wrapped('EROFS'), 'disk-failing'],
  [errnoError('EACCES'), 'died'],
])('a session that cannot begin for %s failed as %s', async (error, kind) => {
  const deps = { hasRoom: () => Promise.reject(error) } as never;
  expect(await startSession(parseCameraId('camera-1'), SPEC, null, deps)).toMatchObject({
    kind: 'failed',
    outcome: { kind },
  });
});
