/**
 * The vocabulary of failures that reach an operator, and, in one place, whether trying again can help.
 * Every folder's error class carries one of these codes; activities hand it to Temporal as the failure's type.
 */
export interface FailureText {
  /** `fast`: a blip, back-off from one second. `slow`: needs a person, asked again every few minutes. `never`: the input is wrong. */
  readonly retry: 'fast' | 'slow' | 'never';
  /** One sentence an operator understands, with what to do. */
  readonly what: string;
}

/** One row for each code; in no order. */
export const failureTexts = {
  'store-unreachable': { retry: 'fast', what: 'The store does not answer. It is asked again by itself.' },
  'store-failing': {
    retry: 'fast',
    what: 'The store answers with an error of its own (restarting, or full). It is asked again by itself.',
  },
  'store-busy': { retry: 'fast', what: 'The store asks to slow down. It is asked again by itself.' },
  'store-rejected-bytes': {
    retry: 'fast',
    what: 'The bytes arrived changed. They are sent again; if it repeats, check memory, disk and network.',
  },
  'store-bucket-missing': {
    retry: 'slow',
    what: 'The bucket does not exist and may not be created with this key. Create it, or allow it.',
  },
  'store-credentials': {
    retry: 'slow',
    what: 'The store refuses the access key. Check S3_ACCESS_KEY_ID and S3_SECRET_ACCESS_KEY.',
  },
  'store-forbidden': {
    retry: 'slow',
    what: 'The access key may not do this. It needs Read, Write and List on the bucket.',
  },
  'store-elsewhere': {
    retry: 'slow',
    what: 'The bucket is at another address, or in another region. Set S3_ENDPOINT and S3_REGION to where it is.',
  },
  'store-untrusted': {
    retry: 'slow',
    what: 'The certificate of the store is not trusted, is out of date, or is for another name. Give its CA in S3_CA_FILE, and the name it is for in S3_ENDPOINT.',
  },
  'store-not-s3': {
    retry: 'slow',
    what: 'What answers at S3_ENDPOINT does not speak S3. Check http or https, host and port.',
  },
  'store-body-limit': {
    retry: 'slow',
    what: 'Something before the store refuses requests as large as a part (8 MiB or more). Raise its limit (nginx: client_max_body_size).',
  },
  'store-clock-skew': { retry: 'slow', what: 'The clocks of recorder and store differ too much. Set them by NTP.' },
  'store-upload-gone': { retry: 'fast', what: 'The store no longer knows the upload. It is started anew.' },
  'store-key-taken': {
    retry: 'slow',
    what: 'Both keys of the segment hold other bytes. Look at them before deleting any.',
  },
  'store-unreadable': {
    retry: 'slow',
    what: 'The store has the object, but does not give its bytes. If it goes on, the segment is sent again under another key.',
  },
  'store-proof-failed': {
    retry: 'slow',
    what: 'The object in the store is not equal to the recording. The recording is kept and sent again.',
  },
  'store-unexpected': { retry: 'fast', what: 'The store gave an answer we do not know. It is asked again by itself.' },
  'hold-unreadable': {
    retry: 'never',
    what: 'An object among the holds of a camera cannot be read. Nothing of the camera is deleted until it can, or is gone.',
  },
  'segment-missing': { retry: 'slow', what: 'The segment is neither in the spool nor in the store.' },
  'spool-failing': { retry: 'fast', what: 'The spool cannot be read or written. Check the disk.' },
  'no-secret': { retry: 'fast', what: 'This recorder has no URL for the camera.' },
  'no-route': { retry: 'fast', what: 'This recorder has no way to the network of the camera.' },
  'no-capacity': { retry: 'fast', what: 'This recorder has all the cameras it may have.' },
  'no-space': { retry: 'fast', what: 'This recorder has no space left in its spool.' },
  'shutting-down': { retry: 'fast', what: 'This recorder is shutting down.' },
  'recorder-lost': {
    retry: 'never',
    what: 'An operator declared the recorder lost that has the segment. If it comes back with its spool, the segment is uploaded all the same.',
  },
  superseded: { retry: 'fast', what: 'A newer attempt has taken the camera over.' },
  'invalid-input': { retry: 'never', what: 'The input is wrong.' },
} as const satisfies Readonly<Record<string, FailureText>>;

/** The failure's type in Temporal and a metric label: a word once used keeps its meaning. */
export type FailureCode = keyof typeof failureTexts;

/** False for the errno of a system call, and for a code that only a newer version knows. */
export function isFailureCode(text: string): text is FailureCode {
  return Object.hasOwn(failureTexts, text);
}

const OF_WHOLE_STORE: readonly FailureCode[] = [
  'store-unreachable',
  'store-failing',
  'store-busy',
  'store-bucket-missing',
  'store-credentials',
  'store-forbidden',
  'store-elsewhere',
  'store-untrusted',
  'store-not-s3',
  'store-body-limit',
  'store-clock-skew',
];

/** Whether it is the store that fails, not one segment: the next would meet the same. */
export function isOfWholeStore(code: unknown): boolean {
  return OF_WHOLE_STORE.some((known) => known === code);
}
