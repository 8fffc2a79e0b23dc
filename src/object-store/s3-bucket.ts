/** What is asked of the bucket itself. */
import {
  GetBucketLifecycleConfigurationCommand,
  HeadBucketCommand,
  type HeadBucketCommandOutput,
  type LifecycleRule,
} from '@aws-sdk/client-s3';
import { redact } from '../redact.js';
import { StoreError } from './object-store.js';
import { hasHeaders } from './s3-client.js';
import type { S3Requests } from './s3-requests.js';

/** From the `Date` of its answer. */
export async function storeTime(requests: S3Requests, signal: AbortSignal): Promise<number> {
  const command = new HeadBucketCommand({ Bucket: requests.bucket });
  let timeMs = Number.NaN;
  command.middlewareStack.add(
    (next) => async (args) => {
      const result = await next(args);
      if (hasHeaders(result.response)) timeMs = Date.parse(result.response.headers['date'] ?? '');
      return result;
    },
    { step: 'deserialize', name: 'readStoreTime' },
  );
  await requests.ask(
    'HeadBucket',
    'ask the store for its time',
    signal,
    (): Promise<HeadBucketCommandOutput> => requests.client.send(command, { abortSignal: signal }),
  );
  if (Number.isNaN(timeMs)) throw new StoreError('store-unexpected', redact('ask the store for its time: no Date'));
  return timeMs;
}

/** The lifecycle rules that are switched on and delete objects. */
export async function expiryRules(requests: S3Requests, signal: AbortSignal): Promise<readonly string[]> {
  const command = new GetBucketLifecycleConfigurationCommand({ Bucket: requests.bucket });
  const answered = await requests.tryAsk('GetBucketLifecycleConfiguration', 'ask for lifecycle rules', signal, () =>
    requests.client.send(command, { abortSignal: signal }),
  );
  if (answered.kind === 'ok') return (answered.output.Rules ?? []).flatMap(expiryWords);
  // Also how a store says that it has no such thing.
  if (answered.answer.status === 404 || answered.answer.status === 501) return [];
  throw answered.error;
}

function expiryWords({ ID, Status, Expiration, Filter, Prefix }: LifecycleRule): readonly string[] {
  if (Status !== 'Enabled' || Expiration === undefined) return [];
  const { Days, Date: date } = Expiration;
  if (Days === undefined && date === undefined) return [];
  const prefix = Filter?.Prefix ?? Filter?.And?.Prefix ?? Prefix ?? '';
  const when = Days === undefined ? `on ${date?.toISOString().slice(0, 10) ?? ''}` : `after ${Days} days`;
  return [
    `${ID ?? 'a rule without name'}: deletes ${prefix === '' ? 'everything' : `what begins with ${prefix}`} ${when}`,
  ];
}
