import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { isIPv6 } from 'node:net';
import { boundedBy } from '../clock.js';
import { parseCameraUrl } from './ffmpeg/camera-url.js';

/** What the kernel says when its routing table holds no way, an administrator's "unreachable" or "prohibit", or IPv6 has no address here. */
const NO_ROUTE: ReadonlySet<unknown> = new Set(['ENETUNREACH', 'EHOSTUNREACH', 'EACCES', 'EADDRNOTAVAIL']);
/** An address takes less than a millisecond; a name server that is slow decides nothing. */
const LOOK_UP_MS = 1_000;
/** Any will do: the routing table knows no ports. */
const PORT = 554;

/**
 * Whether this machine has a way to the network of the camera; the kernel is asked, and nothing is sent. Says nothing of the camera: one
 * that is switched off has a route. True in doubt: a name that is not known now, a URL that is none.
 */
export async function hasRoute(cameraUrl: string): Promise<boolean> {
  const host = hostOf(cameraUrl);
  if (host === undefined) return true;
  const socket = createSocket(isIPv6(host) ? 'udp6' : 'udp4');
  try {
    const connected = once(socket, 'connect', { signal: boundedBy(undefined, LOOK_UP_MS) });
    socket.connect(PORT, host);
    await connected;
    return true;
  } catch (error) {
    return !(error instanceof Error && 'code' in error && NO_ROUTE.has(error.code));
  } finally {
    socket.close();
  }
}

function hostOf(text: string): string | undefined {
  try {
    return parseCameraUrl(text).host;
  } catch {
    // A camera without a usable URL is refused where it is recorded, in words of its own.
    return undefined;
  }
}
