/** A segment over 4 GiB, most of it a hole: sealed by the recorder, uploaded by a process that is killed, gone on with, confirmed, played. */
import { mkdir, open, readFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { pino } from 'pino';
import { expect, it, onTestFinished } from 'vitest';
import { expectedOf } from '../../src/activities/send-segment.js';
import { systemClock } from '../../src/clock.js';
import { DEFAULT_SPEC } from '../../src/domain/camera.js';
import { type ObjectKey, parseCameraId, parseSessionId } from '../../src/domain/ids.js';
import { FieldWriter } from '../../src/mp4/box-writer.js';
import { createRecordingWalker } from '../../src/mp4/recording-index.js';
import { confirm } from '../../src/object-store/confirm.js';
import type { ObjectStore } from '../../src/object-store/object-store.js';
import { createRemux } from '../../src/recorder/remux.js';
import { sealFile } from '../../src/recorder/sealer.js';
import { type ClosedFile, SessionProgress } from '../../src/recorder/session-progress.js';
import { segmentPathsOf } from '../../src/spool/layout.js';
import type { Spool } from '../../src/spool/spool.js';
import { packetsOf } from '../mp4/support/packets.js';
import { makeRecordings, recordingKinds } from '../mp4/support/recordings.js';
import { indexOf } from '../mp4/support/seal.js';
import { killableUploads } from '../object-store/killable-upload.js';
import { spoolIn } from '../spool/segments.js';
import { tempDir } from '../support/temp-dir.js';
import { toolPath } from '../support/tools.js';

const HOLE_BYTES = 4.4e9;
const PART_SIZE_BYTES = 8 * 1024 * 1024;
const PARTS_IN_FLIGHT = 4;
const OVERHEAD_BYTES = 1_000_000;
const camera = parseCameraId('camera-1');
const session = parseSessionId('20260102T030405Z-0001');
const log = pino({ level: 'silent' });

it('a segment over 4 GiB is sealed, uploaded over a kill, confirmed, and played from the store', async () => {
  const dir = await tempDir('large');
  const kind = recordingKinds['joined mid-GOP'];
  if (kind === undefined) throw new Error('there is no such kind of recording');
  const [small = ''] = await makeRecordings(dir, kind);
  const root = join(dir, 'spool');
  const spool = await spoolIn(root);
  const segment = await timed('sealed', async () => await sealLarge(spool, await readFile(small)));
  expect(segment).toMatchObject({ container: 'header-in-front' });
  expect(segment.sizeBytes).toBeGreaterThan(2 ** 32);
  const header = await readFile(segmentPathsOf(spool.layout, segment.id).header);
  expect([header.includes('co64'), header.includes('stco')]).toEqual([true, false]);

  const uploads = await killableUploads({
    ...{ register: onTestFinished, dir, sizeBytes: PART_SIZE_BYTES },
    ...{ partSizeBytes: PART_SIZE_BYTES, partsInFlight: PARTS_IN_FLIGHT },
  });
  const upload = uploads.of(root, segment);
  const skip = Math.floor(segment.sizeBytes / PART_SIZE_BYTES / 2);
  const first = await timed('uploaded to the kill', async () =>
    upload.killedAt({ kind: 'freeze', matches: /^PUT \S+partNumber=/, skip, afterBytes: PART_SIZE_BYTES / 2 }),
  );
  const second = await timed('gone on with to the end', async () => await upload.finished());
  const twiceBytes = first.sentBytes + second.sentBytes - segment.sizeBytes;
  say(
    `${segment.sizeBytes} bytes; sent ${first.sentBytes} before the kill and ${second.sentBytes} after: ${twiceBytes} twice`,
  );
  expect(twiceBytes).toBeLessThan(PARTS_IN_FLIGHT * PART_SIZE_BYTES + OVERHEAD_BYTES);

  const stored = await upload.found();
  if (stored?.kind !== 'stored') throw new Error('there is no receipt');
  const source = await spool.read(segment.id);
  onTestFinished(source.close);
  const { receipt } = stored;
  const signal = AbortSignal.timeout(60_000);
  const asked = { store: uploads.direct, segment: segment.id, receipt, expected: expectedOf(segment), source, signal };
  const confirmed = await timed('confirmed', async () => await confirm({ ...asked, minAgeMs: -1 }));
  expect(confirmed).toMatchObject({ kind: 'confirmed' });
  const url = await served(uploads.direct, upload.key, segment.sizeBytes);
  const played = await timed('played', async () => await packetsOf(url));
  expect(played).toEqual(await packetsOf(small));
});

/** As the recorder closes and seals a file of a session; the hole is a box that players skip. */
async function sealLarge(spool: Spool, recording: Buffer) {
  const { initBytes, fragments } = await indexOf(recording);
  const cutBytes = initBytes + (fragments[0]?.sizeBytes ?? 0) + (fragments[1]?.sizeBytes ?? 0);
  const hole = new FieldWriter().u32(1).bytes(Buffer.from('free', 'latin1')).u64(HOLE_BYTES).done();
  const dir = spool.layout.sessionDir(camera, session);
  await mkdir(dir, { recursive: true });
  const file = await open(join(dir, '000000.mp4'), 'wx');
  await file.write(recording, 0, cutBytes, 0);
  await file.write(hole, 0, hole.length, cutBytes);
  await file.write(recording, cutBytes, recording.length - cutBytes, cutBytes + HOLE_BYTES);
  await file.close();
  const closed: ClosedFile[] = [];
  const spec = { ...DEFAULT_SPEC, source: { kind: 'secret', name: 'camera-1' } } as const;
  const progress = new SessionProgress(
    { id: session, dir, spec },
    {
      ...{ clock: systemClock, log, createWalker: createRecordingWalker, probeDisk: async () => 'in-time' },
      policies: { lookEveryMs: 500, syncEveryMs: 5_000, probeLimitMs: 2_000 },
    },
    { progressed: () => undefined, closed: (one) => closed.push(one) },
  );
  await progress.finish();
  const [one] = closed;
  if (one === undefined) throw new Error('the file was not closed');
  const job = { camera, session, segmentDurationSec: 900, file: one, closed: 'session-ended' } as const;
  const deps = { spool, log, remux: createRemux(toolPath('ffmpeg')), claimsBefore: () => [] };
  const result = await sealFile(job, deps, AbortSignal.timeout(120_000));
  if (result.kind !== 'sealed') throw new Error(`it is ${result.kind}`);
  return result.segment;
}

/** Gives FFmpeg the ranges it asks for, from the store. */
async function served(store: ObjectStore, key: ObjectKey, sizeBytes: number): Promise<string> {
  const server = createServer((request, response) => {
    const [, from = '0', to = ''] = /bytes=(\d+)-(\d*)/.exec(request.headers.range ?? '') ?? [];
    const offsetBytes = Number(from);
    // What it does not want it does not read: a little at a time is enough.
    const endBytes = Math.min(sizeBytes, to === '' ? offsetBytes + 4_000_000 : Number(to) + 1);
    const range = { offsetBytes, sizeBytes: endBytes - offsetBytes };
    store.read(key, range, AbortSignal.timeout(20_000)).then(
      (bytes) => {
        response.writeHead(206, {
          'accept-ranges': 'bytes',
          'content-range': `bytes ${offsetBytes}-${endBytes - 1}/${sizeBytes}`,
          'content-length': bytes.length,
        });
        response.end(bytes);
      },
      () => response.destroy(),
    );
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  onTestFinished(() => {
    server.closeAllConnections();
    server.close();
  });
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}/segment.mp4`;
}

async function timed<T>(what: string, act: () => Promise<T>): Promise<T> {
  const startedAtMs = performance.now();
  const result = await act();
  say(`${what} in ${((performance.now() - startedAtMs) / 1_000).toFixed(1)} s`);
  return result;
}

function say(line: string): void {
  process.stdout.write(`figure: ${line}\n`);
}
