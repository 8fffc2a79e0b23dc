/** Every way in which FFmpeg can be made to log a reason for its end, and what the recorder shall take it for. */
import type { FailureKind } from '../../../src/recorder/outcome.js';
import type { Picture } from '../../../src/simulator/picture.js';
import { createSimulatedCamera, type SimulatedCamera } from '../../../src/simulator/simulated-camera.js';
import {
  type CannedCamera,
  description,
  interleaved,
  listenAs,
  OPTIONS_ANSWER,
  PLAY_ANSWER,
  refusal,
  setUpAnswer,
} from './canned-camera.js';

export interface Stage {
  readonly picture: Picture;
  readonly register: (close: () => unknown) => void;
}

export interface Provoked {
  readonly url: string;
  /** Done once FFmpeg has video on disk. */
  readonly whenRecording?: () => Promise<unknown>;
}

export interface Provocation {
  readonly name: string;
  readonly kind: FailureKind;
  readonly camera: (stage: Stage) => Promise<Provoked>;
  /** What the kernel answers instead, as `strace` is told. */
  readonly inject?: string;
  /** The injection is only for what concerns this recording. */
  readonly injectFor?: string;
  /** This recording is on a disk without space. */
  readonly fullDisk?: string;
  readonly moreArgs?: readonly string[];
}

type Fault = Parameters<SimulatedCamera['setFault']>[0];

const ACCOUNT = { user: 'cam', password: 'pass' };

/** The simulated camera with faults from the start. */
const faulty =
  (...faults: readonly Fault[]): Provocation['camera'] =>
  async ({ picture, register }) => {
    const camera = await createSimulatedCamera({ picture, ...ACCOUNT });
    register(() => camera.close());
    for (const fault of faults) await camera.setFault(fault);
    return { url: camera.url };
  };

/** The same, faulty only when FFmpeg records. */
const faultyLater =
  (fault: Fault, options: { readonly refuseGetParameter?: boolean; readonly sessionTimeoutMs?: number } = {}) =>
  async ({ picture, register }: Stage): Promise<Provoked> => {
    const camera = await createSimulatedCamera({ picture, ...ACCOUNT, ...options });
    register(() => camera.close());
    return { url: camera.url, whenRecording: () => camera.setFault(fault) };
  };

const full: Provocation['camera'] = async ({ picture, register }) => {
  const camera = await createSimulatedCamera({ picture, ...ACCOUNT, maxSessions: 0 });
  register(() => camera.close());
  return { url: camera.url };
};

const canned =
  (camera: CannedCamera): Provocation['camera'] =>
  async ({ register }) => {
    const { url, close } = await listenAs(camera);
    register(close);
    return { url: url.replace('//', '//cam:pass@') };
  };

const refusing = (status: string) => canned({ answers: [OPTIONS_ANSWER, refusal(status)] });

const VIDEO = ['m=video 0 RTP/AVP 96', 'a=rtpmap:96 H264/90000', 'a=control:track1'];
const SOUND_ONLY = ['m=audio 0 RTP/AVP 8', 'a=rtpmap:8 PCMA/8000', 'a=control:track1'];
const VP8 = ['m=video 0 RTP/AVP 97', 'a=rtpmap:97 VP8/90000', 'a=control:track1'];
/** Descriptor and header of a key frame of 64 × 64 pixels. */
const VP8_FRAME = Uint8Array.of(0x10, 0x10, 0x02, 0x00, 0x9d, 0x01, 0x2a, 64, 0, 64, 0, ...Array<number>(64).fill(0));

const streaming = (media: readonly string[], packet = '') =>
  canned({ answers: [OPTIONS_ANSWER, description(media), setUpAnswer(0), PLAY_ANSWER + packet] });

const elsewhere = (url: string) => async (): Promise<Provoked> => ({ url });

export const PROVOCATIONS: readonly Provocation[] = [
  { name: 'nobody listens', kind: 'unreachable', camera: faulty({ kind: 'refuse' }) },
  { name: 'no route', kind: 'unreachable', camera: faulty(), inject: 'connect:error=EHOSTUNREACH' },
  { name: 'no network', kind: 'unreachable', camera: faulty(), inject: 'connect:error=ENETUNREACH' },
  { name: 'host down', kind: 'unreachable', camera: faulty(), inject: 'connect:error=EHOSTDOWN' },
  { name: 'no such name', kind: 'unreachable', camera: elsewhere('rtsp://cam:pass@nosuch.invalid/stream1') },
  { name: 'connection times out', kind: 'timed-out', camera: faulty(), inject: 'connect:error=ETIMEDOUT' },
  { name: 'never answers', kind: 'timed-out', camera: faulty({ kind: 'never-answer' }) },
  { name: 'freezes in mid-stream', kind: 'timed-out', camera: faultyLater({ kind: 'freeze', connections: 'all' }) },
  { name: 'wrong password', kind: 'unauthorized', camera: faulty({ kind: 'wrong-password' }) },
  { name: 'answers 403', kind: 'unauthorized', camera: refusing('403 Forbidden') },
  { name: 'no place free', kind: 'too-many-sessions', camera: full },
  { name: 'answers 503', kind: 'too-many-sessions', camera: refusing('503 Service Unavailable') },
  { name: 'no such path', kind: 'not-found', camera: faulty({ kind: 'not-found' }) },
  { name: 'answers 500', kind: 'stream-ended', camera: refusing('500 Internal Server Error') },
  {
    name: 'no RTSP over TCP',
    kind: 'unsupported',
    camera: canned({ answers: [OPTIONS_ANSWER, description(VIDEO), refusal('461 Unsupported Transport')] }),
  },
  { name: 'sound only', kind: 'unsupported', camera: streaming(SOUND_ONLY) },
  { name: 'no media', kind: 'unsupported', camera: streaming([]) },
  { name: 'VP8', kind: 'unsupported', camera: streaming(VP8, interleaved(0, 97, VP8_FRAME)) },
  {
    name: 'redirects to TLS',
    kind: 'unsupported',
    camera: faulty({ kind: 'redirect', location: 'rtsps://127.0.0.1:1/stream1' }),
  },
  { name: 'unknown option', kind: 'unsupported', camera: faulty(), moreArgs: ['-no_such_option', '1'] },
  { name: 'ends the connection at once', kind: 'stream-ended', camera: canned({ answers: [], afterwards: 'fin' }) },
  { name: 'resets the connection at once', kind: 'stream-ended', camera: canned({ answers: [], afterwards: 'reset' }) },
  { name: 'fails to be read', kind: 'stream-ended', camera: faulty(), inject: 'recvfrom:error=EIO:when=12+' },
  { name: 'ends the stream', kind: 'stream-ended', camera: faultyLater({ kind: 'fin' }) },
  { name: 'resets in mid-stream', kind: 'stream-ended', camera: faultyLater({ kind: 'reset' }) },
  {
    name: 'refuses the keepalive, then ends the stream',
    kind: 'stream-ended',
    camera: faultyLater({ kind: 'fin' }, { refuseGetParameter: true, sessionTimeoutMs: 2_000 }),
  },
  { name: 'disk full', kind: 'no-space', camera: faulty(), fullDisk: '000000.mp4' },
  { name: 'disk full at a cut', kind: 'no-space', camera: faulty(), fullDisk: '000001.mp4' },
  {
    name: 'quota used up',
    kind: 'no-space',
    camera: faulty(),
    inject: 'write:error=EDQUOT',
    injectFor: '000000.mp4',
  },
];
