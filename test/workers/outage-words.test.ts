import { expect, test } from 'vitest';
import { StoreError } from '../../src/object-store/object-store.js';
import { redact } from '../../src/redact.js';
import { DeadlineError } from '../../src/workers/deadline.js';
import { outageWords } from '../../src/workers/outage-words.js';

const tonic = (inner: string): Error =>
  new Error(`Connection failed: tonic::transport::Error(Transport, ConnectError(ConnectError("${inner}")))`);

test.each([
  [
    tonic(
      'tcp connect error", 127.0.0.1:7233, Os { code: 111, kind: ConnectionRefused, message: "Connection refused" }',
    ),
    'connection refused.',
  ],
  [
    tonic('dns error", Custom { kind: Uncategorized, error: "failed to lookup address information'),
    'its name was not found.',
  ],
  [new Error('list: connect ECONNREFUSED 127.0.0.1:8333 (ECONNREFUSED)'), 'connection refused.'],
  [new Error('getaddrinfo ENOTFOUND store.lan'), 'its name was not found.'],
  [new Error('4 DEADLINE_EXCEEDED: Deadline exceeded'), 'no answer in time.'],
  [new DeadlineError('connecting to Temporal', 5_000), 'no answer in time.'],
  [
    new Error('self-signed certificate in certificate chain'),
    'its certificate is not trusted, or it does not speak TLS.',
  ],
  [
    new StoreError('store-forbidden', redact('head bucket: 403 AccessDenied: ')),
    'The access key may not do this. It needs Read, Write and List on the bucket.',
  ],
  [new Error('what nobody foresaw at rtsp://u:p@h'), 'what nobody foresaw at rtsp://***@h'],
])('%s is said as: %s', (error, words) => {
  expect(outageWords(error)).toBe(words);
});
