import { generateKeyPairSync, type KeyObject, sign } from 'node:crypto';

/** PEM, both. */
export interface KeyAndCertificate {
  readonly key: string;
  readonly cert: string;
}

/** An authority of one's own, and a certificate for 127.0.0.1 that it signed; good for an hour. */
export function privateAuthority(): { readonly ca: string; readonly server: KeyAndCertificate } {
  const authority = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  const server = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  const ca = { name: 'a private authority', key: authority.privateKey };
  return {
    ca: pemOf(certificate({ subject: ca.name, of: authority.publicKey, by: ca, extensions: [isAuthority] })),
    server: {
      key: String(server.privateKey.export({ type: 'pkcs8', format: 'pem' })),
      cert: pemOf(certificate({ subject: 'a store', of: server.publicKey, by: ca, extensions: [isFor127001] })),
    },
  };
}

const HOUR_MS = 3_600_000;
const TAG = { integer: 2, bits: 3, bytes: 4, oid: 6, text: 12, sequence: 0x30, set: 0x31, time: 0x17 } as const;
/** 1.2.840.10045.4.3.2: ECDSA with SHA-256. */
const ALGORITHM = der(TAG.sequence, oid('2a8648ce3d040302'));
/** 2.5.29.19 */
const isAuthority = extension('551d13', der(TAG.sequence, der(1, Buffer.from([0xff]))));
/** 2.5.29.17, an address. */
const isFor127001 = extension('551d11', der(TAG.sequence, der(0x87, Buffer.from([127, 0, 0, 1]))));

function certificate(wish: {
  readonly subject: string;
  readonly of: KeyObject;
  readonly by: { readonly name: string; readonly key: KeyObject };
  readonly extensions: readonly Buffer[];
}): Buffer {
  const now = Date.now();
  const content = der(
    TAG.sequence,
    // Version 3.
    der(0xa0, der(TAG.integer, Buffer.from([2]))),
    der(TAG.integer, Buffer.from([1 + Math.floor(Math.random() * 100)])),
    ALGORITHM,
    nameOf(wish.by.name),
    der(TAG.sequence, time(now - HOUR_MS), time(now + HOUR_MS)),
    nameOf(wish.subject),
    wish.of.export({ type: 'spki', format: 'der' }),
    der(0xa3, der(TAG.sequence, ...wish.extensions)),
  );
  return der(TAG.sequence, content, ALGORITHM, der(TAG.bits, Buffer.from([0]), sign('sha256', content, wish.by.key)));
}

/** 2.5.4.3: the common name alone. */
function nameOf(text: string): Buffer {
  return der(TAG.sequence, der(TAG.set, der(TAG.sequence, oid('550403'), der(TAG.text, Buffer.from(text)))));
}

function extension(id: string, value: Buffer): Buffer {
  return der(TAG.sequence, oid(id), der(TAG.bytes, value));
}

function oid(hex: string): Buffer {
  return der(TAG.oid, Buffer.from(hex, 'hex'));
}

function time(atMs: number): Buffer {
  return der(TAG.time, Buffer.from(`${new Date(atMs).toISOString().slice(2, 19).replaceAll(/[-:T]/g, '')}Z`));
}

function der(tag: number, ...contents: readonly Buffer[]): Buffer {
  const content = Buffer.concat(contents);
  const size = content.length;
  const head = size < 128 ? [tag, size] : [tag, 0x82, size >> 8, size & 0xff];
  return Buffer.concat([Buffer.from(head), content]);
}

function pemOf(bytes: Buffer): string {
  const lines = bytes.toString('base64').match(/.{1,64}/g) ?? [];
  return ['-----BEGIN CERTIFICATE-----', ...lines, '-----END CERTIFICATE-----', ''].join('\n');
}
