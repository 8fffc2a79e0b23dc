/** As it was sent: nothing in it is decoded or checked. */
export interface RtspRequest {
  readonly method: string;
  readonly url: string;
  /** Names in lower case. */
  readonly headers: ReadonlyMap<string, string>;
}

/** Without `CSeq` and `Content-Length`, which `formatResponse` adds. */
export interface RtspResponse {
  readonly status: number;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string;
}

/** What a client sends on its connection: requests, and RTCP reports between them. */
export type RtspInput = { readonly kind: 'request'; readonly request: RtspRequest } | { readonly kind: 'report' };

const REASONS: Readonly<Record<number, string>> = {
  200: 'OK',
  302: 'Moved Temporarily',
  400: 'Bad Request',
  401: 'Unauthorized',
  404: 'Not Found',
  453: 'Not Enough Bandwidth',
  454: 'Session Not Found',
  455: 'Method Not Valid in This State',
  461: 'Unsupported Transport',
};

/** Ready to be written. `cseq` is the number of the request it answers. */
export function formatResponse(response: RtspResponse, cseq: string): string {
  const body = response.body ?? '';
  const lines = [`RTSP/1.0 ${response.status} ${REASONS[response.status] ?? 'Unknown'}`, `CSeq: ${cseq}`];
  for (const [name, value] of Object.entries(response.headers ?? {})) lines.push(`${name}: ${value}`);
  if (body !== '') lines.push(`Content-Length: ${Buffer.byteLength(body)}`);
  return `${lines.join('\r\n')}\r\n\r\n${body}`;
}

/** Cuts the bytes of a connection, however they arrive, into inputs. Keeps what is not whole yet. */
export class RtspInputParser {
  #pending = Buffer.alloc(0);

  push(bytes: Buffer): readonly RtspInput[] {
    this.#pending = Buffer.concat([this.#pending, bytes]);
    const inputs: RtspInput[] = [];
    for (let input = this.#next(); input !== null; input = this.#next()) inputs.push(input);
    return inputs;
  }

  #next(): RtspInput | null {
    if (this.#pending[0] === 0x24) return this.#takeReport();
    const end = this.#pending.indexOf('\r\n\r\n');
    if (end < 0) return null;
    const request = parseRequest(this.#pending.toString('utf8', 0, end));
    const sizeBytes = end + 4 + Number(request.headers.get('content-length') ?? 0);
    if (this.#pending.length < sizeBytes) return null;
    this.#pending = this.#pending.subarray(sizeBytes);
    return { kind: 'request', request };
  }

  #takeReport(): RtspInput | null {
    if (this.#pending.length < 4) return null;
    const sizeBytes = 4 + this.#pending.readUInt16BE(2);
    if (this.#pending.length < sizeBytes) return null;
    this.#pending = this.#pending.subarray(sizeBytes);
    return { kind: 'report' };
  }
}

function parseRequest(text: string): RtspRequest {
  const [first = '', ...lines] = text.split('\r\n');
  const [method = '', url = ''] = first.split(' ');
  const headers = new Map<string, string>();
  for (const line of lines) {
    const colon = line.indexOf(':');
    if (colon > 0) headers.set(line.slice(0, colon).trim().toLowerCase(), line.slice(colon + 1).trim());
  }
  return { method, url, headers };
}
