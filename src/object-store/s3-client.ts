import { Agent as HttpAgent } from 'node:http';
import { Agent as HttpsAgent } from 'node:https';
import { rootCertificates } from 'node:tls';
import { S3Client } from '@aws-sdk/client-s3';

/** Where the user's store is and how to sign for it. Holds secrets: never log it (INV-7). */
export interface S3Settings {
  /** Like `http://store:8333`. */
  readonly endpoint: string;
  /** What links to objects begin with, when people reach the store elsewhere; default: `endpoint`. */
  readonly publicEndpoint?: string;
  readonly bucket: string;
  readonly region: string;
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
  /** PEM; trusted beside the usual authorities, for this store alone. */
  readonly ca?: string;
  readonly timeouts?: Partial<S3Timeouts>;
  /** Tries of one request, the first included. What is still failing then is left to the caller. Default 3. */
  readonly maxAttempts?: number;
}

/** Each bounds one try of a request; with `maxAttempts` they bound the request. */
export interface S3Timeouts {
  readonly connectMs: number;
  /** Without a byte either way. Below 6,000 the SDK arms it 3 s late. */
  readonly silenceMs: number;
  /** From sending to the whole answer, of all but parts. */
  readonly requestMs: number;
  /** The same of a part: 8 MiB at 9.3 kB/s, which is what sixteen of them have each on a line of 1.2 Mbit/s. Silence ends it sooner. */
  readonly partMs: number;
}

/** The SDK's own are 0: it hangs for ever on a store that went silent. */
export const DEFAULT_TIMEOUTS: S3Timeouts = {
  connectMs: 5_000,
  silenceMs: 30_000,
  requestMs: 120_000,
  partMs: 900_000,
};

/** All uploads of a process share it; 4 parts each of 4 uploads at once. */
const MAX_SOCKETS = 16;

/** The SDK's client, set so that a request costs no second hash, no second connection, and never hangs. */
export function createS3Client(settings: S3Settings): S3Client {
  // Keys are given, so nobody may be asked for others: on a machine outside AWS that look-up only costs time.
  process.env['AWS_EC2_METADATA_DISABLED'] ??= 'true';
  // It warns, on stderr, of versions to come; ours is pinned.
  process.env['AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED'] ??= 'true';
  const timeouts = { ...DEFAULT_TIMEOUTS, ...settings.timeouts };
  const client = new S3Client({
    endpoint: settings.endpoint,
    region: settings.region,
    forcePathStyle: true,
    followRegionRedirects: false,
    // Settings for AWS in this machine's environment must not bend requests to the user's own store.
    useFipsEndpoint: false,
    useDualstackEndpoint: false,
    credentials: { accessKeyId: settings.accessKeyId, secretAccessKey: settings.secretAccessKey },
    maxAttempts: settings.maxAttempts ?? 3,
    retryMode: 'standard',
    // Every part carries a CRC-32 of ours; the SDK's would be a second one, in a trailer.
    requestChecksumCalculation: 'WHEN_REQUIRED',
    responseChecksumValidation: 'WHEN_REQUIRED',
    // `Expect: 100-continue` costs a round trip per part.
    expectContinueHeader: false,
    requestHandler: {
      httpAgent: new HttpAgent({ keepAlive: true, maxSockets: MAX_SOCKETS }),
      httpsAgent: new HttpsAgent({ keepAlive: true, maxSockets: MAX_SOCKETS, ...trusting(settings.ca) }),
      connectionTimeout: timeouts.connectMs,
      socketTimeout: timeouts.silenceMs,
      requestTimeout: timeouts.requestMs,
      throwOnRequestTimeout: true,
    },
  });
  leaveBodiesUnsigned(client);
  return client;
}

/** Naming any replaces all others, so they are named, too. */
function trusting(ca: string | undefined): { readonly ca?: string[] } {
  return ca === undefined ? {} : { ca: [...rootCertificates, ca] };
}

/** SigV4 would hash each body with SHA-256, which stores do not compare with what arrived; the CRC-32 is. */
function leaveBodiesUnsigned(client: S3Client): void {
  client.middlewareStack.add(
    (next) => (args) => {
      const { request } = args;
      if (hasHeaders(request)) request.headers['x-amz-content-sha256'] ??= 'UNSIGNED-PAYLOAD';
      return next(args);
    },
    { step: 'build', name: 'leaveBodiesUnsigned' },
  );
}

/** For what the SDK's middleware is given, which it types as unknown. Looks at one level only. */
export function hasHeaders(message: unknown): message is { readonly headers: Record<string, string> } {
  return message !== null && typeof message === 'object' && 'headers' in message;
}
