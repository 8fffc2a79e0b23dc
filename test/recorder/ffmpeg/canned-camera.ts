/** What the simulated camera cannot do: refusals a Tapo never gives, and streams that are not its own. */
import { createServer, type Socket } from 'node:net';

/** The answers to the requests of one client, in order; after the last one the connection is treated as `afterwards` says. */
export interface CannedCamera {
  readonly answers: readonly string[];
  /** Default `open`. */
  readonly afterwards?: 'open' | 'fin' | 'reset';
}

export interface ListeningCamera {
  readonly url: string;
  close(): void;
}

export async function listenAs({ answers, afterwards = 'open' }: CannedCamera): Promise<ListeningCamera> {
  const open = new Set<Socket>();
  const server = createServer((socket) => {
    let answered = 0;
    open.add(socket);
    socket.on('error', () => undefined);
    socket.setEncoding('latin1').on('data', (text: string) => {
      const cseq = /^CSeq: *(\d+)/im.exec(text)?.[1];
      if (cseq === undefined) return;
      const answer = answers[answered++];
      if (answer !== undefined) {
        socket.write(`RTSP/1.0 ${answer.replace('\r\n', `\r\nCSeq: ${cseq}\r\n`)}`, 'latin1');
        return;
      }
      if (afterwards === 'fin') socket.end();
      if (afterwards === 'reset') socket.resetAndDestroy();
    });
  });
  await new Promise<void>((resolve) => void server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  const port = address !== null && typeof address === 'object' ? address.port : 0;
  return {
    url: `rtsp://127.0.0.1:${port}/stream1`,
    close: () => {
      for (const socket of open) socket.destroy();
      server.close();
    },
  };
}

export const OPTIONS_ANSWER = '200 OK\r\nPublic: OPTIONS, DESCRIBE, SETUP, PLAY, TEARDOWN\r\n\r\n';

export function refusal(status: string): string {
  return `${status}\r\n\r\n`;
}

/** @param media the `m=` section and what belongs to it */
export function description(media: readonly string[]): string {
  const body = `${['v=0', 'o=- 1 1 IN IP4 127.0.0.1', 's=canned', 't=0 0', ...media].join('\r\n')}\r\n`;
  return `200 OK\r\nContent-Type: application/sdp\r\nContent-Length: ${body.length}\r\n\r\n${body}`;
}

export function setUpAnswer(channel: number): string {
  return `200 OK\r\nTransport: RTP/AVP/TCP;unicast;interleaved=${channel}-${channel + 1}\r\nSession: 1;timeout=60\r\n\r\n`;
}

export const PLAY_ANSWER = '200 OK\r\nSession: 1\r\n\r\n';

/** One RTP packet as it goes over the RTSP connection; sent behind an answer. */
export function interleaved(channel: number, payloadType: number, payload: Uint8Array): string {
  const rtp = Buffer.concat([Buffer.from([0x80, 0x80 | payloadType, 0, 1, 0, 0, 0, 0, 0, 0, 0, 1]), payload]);
  const frame = Buffer.concat([Buffer.from([0x24, channel, rtp.length >> 8, rtp.length & 0xff]), rtp]);
  return frame.toString('latin1');
}
