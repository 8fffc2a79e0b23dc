import { EventEmitter } from 'node:events';
import { expect, it, onTestFinished } from 'vitest';
import { takeSecrets } from '../../src/cli/process-guards.js';
import { untilEnd } from '../../src/cli/until-end.js';
import type { KeeperClient } from '../../src/keeper/keeper-client.js';
import { createLogger } from '../../src/log.js';
import { statusInput } from '../http/status-inputs.js';

const log = createLogger({ level: 'silent', name: 'test' });

/** A worker and its keeper; the test says what happens to them. */
function running(changed: { readonly stop?: () => Promise<void>; readonly disconnected?: AbortSignal } = {}) {
  const stops: string[] = [];
  const events = new EventEmitter();
  const gone = new AbortController();
  const before = process.listeners('SIGINT');
  onTestFinished(() => {
    for (const name of ['SIGINT', 'SIGTERM'] as const) {
      for (const listener of process.listeners(name)) if (!before.includes(listener)) process.off(name, listener);
    }
  });
  const worker = {
    status: () => statusInput().worker,
    stop: async (mode: string) => {
      stops.push(mode);
      await changed.stop?.();
    },
    failed: new Promise<Error>((resolve) => events.once('failed', resolve)),
    coreMetricsUrl: null,
  };
  const keeper: Pick<KeeperClient, 'onLeave' | 'disconnected'> = {
    onLeave: (listener) => void events.once('leave', listener),
    disconnected: changed.disconnected ?? gone.signal,
  };
  return { stops, events, gone, ended: untilEnd(worker, keeper, log) };
}

it.each(['stop', 'detach'] as const)('leaving by %s does that and ends with 0', async (mode) => {
  const { stops, events, ended } = running();
  events.emit('leave', mode);
  expect([await ended, stops]).toEqual([0, [mode]]);
});

it('a worker that failed leaves the recordings running and ends with 1', async () => {
  const { stops, events, ended } = running();
  events.emit('failed', new Error('rtsp://u:p@a'));
  expect([await ended, stops]).toEqual([1, ['detach']]);
});

it('without its keeper it ends at once, whatever else it would wait for: the next one wants the spool', async () => {
  const { stops, gone, ended } = running();
  gone.abort();
  expect([await ended, stops]).toEqual([1, []]);
});

it('without its keeper it ends also while it leaves, and when the keeper went before', async () => {
  const leaving = running({ stop: async () => await new Promise(() => undefined) });
  leaving.events.emit('leave', 'stop');
  leaving.gone.abort();
  expect(await leaving.ended).toBe(1);
  expect(await running({ disconnected: AbortSignal.abort() }).ended).toBe(1);
});

it('secrets leave the environment, and only they', () => {
  const env = {
    CAMERA1_RTSP_URL: 'rtsp://u:p@a',
    CAMERA12_RTSP_URL: 'rtsp://u:p@b',
    CAMERA3_RTSP_URL_FILE: '/run/camera-3',
    S3_ACCESS_KEY_ID: 'a',
    S3_SECRET_ACCESS_KEY: 's',
    S3_ENDPOINT: 'http://s',
    TEMPORAL_API_KEY: 'k',
    TEMPORAL_TLS_CLIENT_KEY_DATA: 'pem',
    TEMPORAL_GRPC_META_AUTHORIZATION: 'Bearer x',
  };
  const copy = takeSecrets(env);
  expect(Object.keys(env)).toEqual(['CAMERA3_RTSP_URL_FILE', 'S3_ENDPOINT']);
  expect(copy).toMatchObject({ CAMERA1_RTSP_URL: 'rtsp://u:p@a', TEMPORAL_API_KEY: 'k' });
});
