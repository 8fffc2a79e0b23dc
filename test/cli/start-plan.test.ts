import { expect, it } from 'vitest';
import { recorderEnv, type StartPlan } from '../../src/cli/start-plan.js';
import { loadConfig } from '../../src/config/load-config.js';

const plan: StartPlan = {
  config: loadConfig({ env: {}, cwd: '/' }),
  want: { temporal: true, store: true, cameras: true },
  dataDir: '/d',
  secretsDir: '/d/camera-secrets',
  spoolDir: '/d/spool',
  metricsPort: 9090,
  segmentDurationSec: 60,
  ffmpegPath: '/bin/ffmpeg',
};

it('the recorder of a demo is told where everything is, in variables that worker takes', () => {
  const env = recorderEnv(plan, {
    temporal: { address: '127.0.0.1:7233', namespace: 'default', uiUrl: 'http://127.0.0.1:8233' },
    store: {
      endpoint: 'http://127.0.0.1:8333',
      bucket: 'demo',
      accessKeyId: 'a',
      secretAccessKey: 's',
      filesUrl: 'http://127.0.0.1:8888/buckets/demo/',
    },
    cameraUrls: ['rtsp://u:p@127.0.0.1:8554/stream1', 'rtsp://u:p@127.0.0.1:8555/stream1'],
    stop: async () => undefined,
  });
  const config = loadConfig({ env, cwd: '/', required: ['store', 'temporal', 'cameras'] });
  expect(config).toMatchObject({
    store: { endpoint: 'http://127.0.0.1:8333', bucket: 'demo', accessKeyId: 'a', secretAccessKey: 's' },
    temporal: { address: '127.0.0.1:7233' },
    temporalUiUrl: 'http://127.0.0.1:8233',
    spool: { dir: '/d/spool' },
    secretsDir: '/d/camera-secrets',
    ffmpegPath: '/bin/ffmpeg',
    metricsPort: 9090,
    dataDir: '/d',
    dataLimitBytes: 10e9,
  });
  expect(config.cameras.map(({ id, spec }) => [id, spec.segmentDurationSec])).toEqual([
    ['camera-1', 60],
    ['camera-2', 60],
  ]);
});

it('what was given is left as it is', () => {
  const env = recorderEnv(
    { ...plan, dataDir: null, secretsDir: null },
    { temporal: null, store: null, cameraUrls: null, stop: async () => undefined },
  );
  expect(Object.keys(env).sort()).toEqual(['FFMPEG_PATH', 'METRICS_PORT', 'SEGMENT_SECONDS', 'TEMP_DIR']);
});
