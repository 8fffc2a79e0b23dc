import { randomBytes } from 'node:crypto';
import { inject } from 'vitest';
import { createS3Store } from '../../src/object-store/s3.js';
import { describeObjectStore } from '../contract/object-store.js';

describeObjectStore('SeaweedFS', () =>
  createS3Store({ ...inject('s3'), region: 'us-east-1', bucket: `store-${randomBytes(4).toString('hex')}` }),
);
