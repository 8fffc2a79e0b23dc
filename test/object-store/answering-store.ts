import { createServer, type IncomingMessage } from 'node:http';
import type { AddressInfo } from 'node:net';
import { onTestFinished } from 'vitest';

export type Answer = readonly [status: number, code?: string | undefined, body?: string];

/** Starts a store that gives these answers and keeps nothing; resolves to its address. */
export async function answering(
  answer: (request: IncomingMessage, body: string) => Answer,
  headers: Readonly<Record<string, string>> = {},
): Promise<string> {
  const server = createServer((request, response) => {
    const asked: Buffer[] = [];
    request.on('data', (chunk) => asked.push(chunk));
    request.on('end', () => {
      const [status, code, body = code === undefined ? '' : errorOf(code)] = answer(
        request,
        Buffer.concat(asked).toString('latin1'),
      );
      response.writeHead(status, {
        'last-modified': new Date(0).toUTCString(),
        'content-length': body.length,
        ...headers,
      });
      response.end(request.method === 'HEAD' ? undefined : body);
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  onTestFinished(() => {
    server.closeAllConnections();
    server.close();
  });
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

function errorOf(code: string): string {
  return `<Error><Code>${code}</Code><Message>text</Message></Error>`;
}
