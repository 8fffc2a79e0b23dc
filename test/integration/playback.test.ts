/** What the bucket holds is a file that a browser plays as it is. */
import { once } from 'node:events';
import { readFile } from 'node:fs/promises';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { type Browser, chromium, type Page } from 'playwright-core';
import { beforeAll, describe, expect, it } from 'vitest';
import { findBrowser } from '../../scripts/install-browser.mjs';
import type { ObjectKey } from '../../src/domain/ids.js';
import type { SealedSegment } from '../../src/domain/segment.js';
import type { ObjectStore } from '../../src/object-store/object-store.js';
import { makeRecordings, recordingKinds, temporaryFolder } from '../mp4/support/recordings.js';
import { indexOf, sealFile } from '../mp4/support/seal.js';
import { afterFile } from '../support/after-file.js';
import { startSystem } from '../support/recorder-system.js';
import { waitFor } from '../support/wait-for.js';

const executablePath = findBrowser();
const STORE_DEADLINE_MS = 5_000;

/** Prime, so that the samples are no columns; all pixels take seconds to come out of the browser. */
const PIXELS_A_SAMPLE = 37;

/** Called by name from the tests: what runs in the page is no TypeScript of ours. */
const PLAYER = `<!doctype html><link rel="icon" href="data:,"><video id="video" muted src="/object.mp4"></video><script>
  const happens = (name) => new Promise((resolve, reject) => {
    video.addEventListener(name, resolve, { once: true });
    video.addEventListener('error', () => reject(new Error(video.error.message)), { once: true });
  });
  async function load() {
    if (video.readyState < 1) await happens('loadedmetadata');
    return { durationSec: video.duration, widthPx: video.videoWidth, heightPx: video.videoHeight };
  }
  async function play(seconds) {
    await video.play();
    while (video.currentTime < seconds && !video.ended) await happens('timeupdate');
    video.pause();
    const { droppedVideoFrames, totalVideoFrames } = video.getVideoPlaybackQuality();
    return { positionSec: video.currentTime, shownFrames: totalVideoFrames - droppedVideoFrames };
  }
  async function lumaAt(seconds) {
    video.currentTime = seconds;
    await happens('seeked');
    const canvas = new OffscreenCanvas(video.videoWidth, video.videoHeight);
    const context = canvas.getContext('2d');
    context.drawImage(video, 0, 0);
    const { data } = context.getImageData(0, 0, canvas.width, canvas.height);
    const pixels = Array.from({ length: data.length / 4 }, (_, i) => data[4 * i] + data[4 * i + 1] + data[4 * i + 2]);
    return pixels.filter((_, index) => index % ${PIXELS_A_SAMPLE} === 0).map((sum) => Math.round(sum / 3));
  }
</script>`;

let browser: Browser;
beforeAll(async () => {
  if (executablePath === undefined) return;
  browser = await chromium.launch({ executablePath, args: ['--no-sandbox'] });
  afterFile(async () => await browser.close());
});

interface Loaded {
  readonly durationSec: number;
  readonly widthPx: number;
  readonly heightPx: number;
}

describe.skipIf(executablePath === undefined)('a sealed recording, in Chromium', () => {
  it.each(['joined mid-GOP', 'with B-frames', 'without audio'])('%s plays and is sought', async (name) => {
    const kind = recordingKinds[name];
    if (kind === undefined) throw new Error(`no recording ${name}`);
    const [path = ''] = await makeRecordings(await temporaryFolder(), kind);
    const bytes = await readFile(await sealFile(path));
    const page = await browser.newPage();
    await page.goto(
      await serve(bytes.length, async ({ offsetBytes, sizeBytes }) =>
        bytes.subarray(offsetBytes, offsetBytes + sizeBytes),
      ),
    );
    const { mediaEndMs } = await indexOf(await readFile(path));
    const loaded = await page.evaluate<Loaded>('load()');
    expect(loaded).toMatchObject({ widthPx: 320, heightPx: 180 });
    expect(Math.abs(loaded.durationSec * 1_000 - mediaEndMs)).toBeLessThan(100);
    const played = await page.evaluate<{ positionSec: number; shownFrames: number }>('play(0.5)');
    expect(played.shownFrames).toBeGreaterThan(2);
    const lumas: (readonly number[])[] = [];
    for (const seconds of [loaded.durationSec - 0.3, 0.1])
      lumas.push(await page.evaluate<readonly number[]>(`lumaAt(${seconds})`));
    expect(differenceOf(lumas[0] ?? [], lumas[1] ?? [])).toBeGreaterThan(0.5);
    await page.close();
  });
});

describe.skipIf(executablePath === undefined)('an object of the bucket, in Chromium', () => {
  let page: Page;
  let segment: SealedSegment;

  beforeAll(async () => {
    const system = await startSystem({
      register: afterFile,
      cameras: [{}],
      segmentSec: 5,
    });
    const [id] = system.ids;
    const whole = await waitFor(
      async () => (id ? await system.stored(id) : []).find((stored) => stored.segment.index > 0),
      { what: 'a segment between two cuts', deadlineMs: 45_000, pollMs: 300 },
    );
    segment = whole.segment;
    const read = async (range: ByteRange): Promise<Uint8Array> =>
      await system.store.read(whole.key as ObjectKey, range, AbortSignal.timeout(STORE_DEADLINE_MS));
    const url = await serve(segment.sizeBytes, read);
    page = await browser.newPage();
    await page.goto(url);
  });

  it('has the length and the size that its metadata say', async () => {
    expect(segment.container).toBe('header-in-front');
    const loaded = await page.evaluate<Loaded>('load()');
    expect(loaded).toMatchObject({ widthPx: segment.video.widthPx, heightPx: segment.video.heightPx });
    expect(Math.abs(loaded.durationSec * 1_000 - segment.mediaDurationMs)).toBeLessThan(100);
  });

  it('plays', async () => {
    const played = await page.evaluate<{ positionSec: number; shownFrames: number }>('play(1)');
    expect(played.positionSec).toBeGreaterThanOrEqual(1);
    expect(played.shownFrames).toBeGreaterThan(5);
  });

  it('shows a picture wherever it is sought, and another one elsewhere', async () => {
    const lastSec = segment.mediaDurationMs / 1_000 - 0.2;
    const pictures: (readonly number[])[] = [];
    for (const seconds of [lastSec, 2.5, 0]) {
      const luma = await page.evaluate<readonly number[]>(`lumaAt(${seconds})`);
      expect(Math.max(...luma) - Math.min(...luma)).toBeGreaterThan(100);
      pictures.push(luma);
    }
    const [last = [], middle = [], first = []] = pictures;
    expect(differenceOf(last, middle)).toBeGreaterThan(0.5);
    expect(differenceOf(middle, first)).toBeGreaterThan(0.5);
  });
});

/** Mean of a pixel, 0 to 255. */
function differenceOf(one: readonly number[], other: readonly number[]): number {
  return one.reduce((sum, value, index) => sum + Math.abs(value - (other[index] ?? 0)), 0) / one.length;
}

type ByteRange = Parameters<ObjectStore['read']>[1];

/** The player, and the object by ranges, as a store behind a link would give it. */
async function serve(sizeBytes: number, read: (range: ByteRange) => Promise<Uint8Array>): Promise<string> {
  const server = createServer((request, response) => {
    answer(request, response).catch((error: unknown) => response.destroy(error instanceof Error ? error : undefined));
  });
  async function answer({ url, headers }: IncomingMessage, response: ServerResponse): Promise<void> {
    if (url !== '/object.mp4') return void response.setHeader('Content-Type', 'text/html').end(PLAYER);
    const [, from = '0', to] = /^bytes=(\d+)-(\d*)$/.exec(headers.range ?? 'bytes=0-') ?? [];
    const offsetBytes = Number(from);
    const lastByte = to ? Math.min(Number(to), sizeBytes - 1) : sizeBytes - 1;
    const range = { offsetBytes, sizeBytes: lastByte + 1 - offsetBytes };
    const body = await read(range);
    response.writeHead(206, {
      'Content-Type': 'video/mp4',
      'Accept-Ranges': 'bytes',
      'Content-Range': `bytes ${offsetBytes}-${lastByte}/${sizeBytes}`,
      'Content-Length': body.length,
    });
    response.end(body);
  }
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  afterFile(async () => {
    server.closeAllConnections();
    server.close();
  });
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}/`;
}
