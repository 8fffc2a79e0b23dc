import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { ConfigError } from '../../src/config/config-error.js';
import { type LoadConfigOptions, loadConfig } from '../../src/config/load-config.js';

const cwd = mkdtempSync(join(tmpdir(), 'config-'));
afterAll(() => rmSync(cwd, { recursive: true, force: true }));

const FULL = {
  S3_ENDPOINT: 'http://localhost:8333',
  S3_ACCESS_KEY_ID: 'AKIDSECRET',
  S3_SECRET_ACCESS_KEY: 'KEYSECRET',
  TEMPORAL_ADDRESS: 'localhost:7233',
  CAMERA1_RTSP_URL: 'rtsp://u:p1SECRET@192.168.1.97:554/stream1',
  CAMERA2_RTSP_URL: 'rtsp://u:p2SECRET@192.168.1.13:554/stream1',
};
const ALL = ['store', 'temporal', 'cameras'] as const;

function load(env: Readonly<Record<string, string>>, more: Partial<LoadConfigOptions> = {}) {
  return loadConfig({ env, cwd, ...more });
}

function linesOf(env: Readonly<Record<string, string>>, more: Partial<LoadConfigOptions> = {}): readonly string[] {
  try {
    load(env, more);
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error;
    expect(error.message).not.toContain('SECRET@');
    return error.message
      .split('\n')
      .slice(1)
      .map((line) => line.trim());
  }
  return [];
}

function writeToml(toml: string): string {
  const path = join(mkdtempSync(join(cwd, 'toml-')), 'config.toml');
  writeFileSync(path, toml);
  return path;
}

describe('a configuration that is right', () => {
  it('has the documented defaults when only the required variables are given', () => {
    expect(load({ ...FULL, SITE_TIMEZONE: 'UTC' }, { required: ALL })).toEqual({
      cameras: [1, 2].map((number) => ({
        id: `camera-${number}`,
        name: `camera-${number}`,
        site: null,
        tags: [],
        spec: {
          source: { kind: 'secret', name: `camera-${number}` },
          segmentDurationSec: 900,
          audio: 'aac',
          stallTimeoutMs: 4_000,
          socketTimeoutMs: 2_500,
          tlsVerify: false,
        },
        retention: null,
      })),
      givenSegmentSec: null,
      store: {
        endpoint: 'http://localhost:8333',
        region: 'us-east-1',
        bucket: 'camera-recordings',
        accessKeyId: 'AKIDSECRET',
        secretAccessKey: 'KEYSECRET',
      },
      temporal: {
        address: 'localhost:7233',
        namespace: 'default',
        variables: { TEMPORAL_ADDRESS: 'localhost:7233' },
      },
      temporalUiUrl: null,
      spool: { dir: '/tmp/camera-recordings', isGiven: false, minFreeBytes: null },
      secretsDir: null,
      ffmpegPath: null,
      metricsPort: 9090,
      isMetricsPortGiven: false,
      metricsHost: '127.0.0.1',
      memoryLimitBytes: null,
      maxCameras: 50,
      maxConcurrentUploads: 4,
      uploadBytesPerSecond: null,
      verifyEveryMs: 3_600_000,
      keepLocalMs: 900_000,
      retention: { usual: { maxAgeMs: null, maxBytes: null }, cameras: {} },
      capacityBytes: null,
      timezone: 'UTC',
      readinessPolicy: 'all',
      logLevel: 'info',
      isEmbeddedAllowed: true,
      policyTimeScale: 1,
      dataDir: null,
      dataLimitBytes: 10e9,
    });
  });

  it('wants everything embedded when nothing is given', () => {
    const config = load({});
    expect([config.cameras, config.store, config.temporal]).toEqual([[], null, null]);
    expect(config.timezone).not.toBe('');
  });

  it('takes empty variables for not given', () => {
    expect(load({ S3_ENDPOINT: '', METRICS_PORT: ' ', CAMERA1_RTSP_URL: '' })).toMatchObject({
      cameras: [],
      store: null,
      metricsPort: 9090,
    });
  });

  it('numbers cameras as their variables do, ten after nine', () => {
    const url = 'rtsp://10.0.0.1/a';
    const config = load({ CAMERA10_RTSP_URL: url, CAMERA9_RTSP_URL: url, CAMERA1_RTSP_URL: url });
    expect(config.cameras.map((camera) => camera.id)).toEqual(['camera-1', 'camera-9', 'camera-10']);
  });

  it('takes as many cameras as are configured, also more than fifty', () => {
    const urls = Object.fromEntries(
      Array.from({ length: 60 }, (_, index) => [`CAMERA${index + 1}_RTSP_URL`, 'rtsp://10.0.0.1/a']),
    );
    expect(load(urls).maxCameras).toBe(60);
    expect(load({ MAX_CAMERAS: '200' }).maxCameras).toBe(200);
    expect(() => load({ ...urls, MAX_CAMERAS: '59' })).toThrow('59 is less than the 60 cameras that are configured');
  });

  it('is what config.example.toml says, and the environment wins over it', () => {
    const configPath = new URL('../../config.example.toml', import.meta.url).pathname;
    const { TEMPORAL_ADDRESS: _address, S3_ENDPOINT: _endpoint, ...env } = FULL;
    const config = load({ ...env, METRICS_PORT: '9191' }, { configPath, required: ALL });
    expect(config).toMatchObject({
      metricsPort: 9191,
      store: { endpoint: 'http://localhost:8333' },
      temporal: { address: 'localhost:7233' },
      spool: { dir: '/var/lib/camera-recorder', isGiven: true, minFreeBytes: 2 ** 31 },
      timezone: 'Europe/Berlin',
    });
    expect(config.cameras.map(({ id, name }) => [id, name])).toEqual([
      ['camera-1', 'Front door'],
      ['camera-2', 'Workshop'],
      ['yard', 'yard'],
    ]);
    expect(config.cameras[1]?.spec).toMatchObject({ segmentDurationSec: 300, audio: 'off', stallTimeoutMs: 8_000 });
    expect(config.cameras[2]?.spec.source).toEqual({ kind: 'url', rtspUrl: 'rtsp://192.168.1.20:554/stream1' });
  });

  it('names every setting of config.example.toml that there is', async () => {
    const { PLAIN_SETTINGS } = await import('../../src/config/setting-names.js');
    const example = readFileSync(new URL('../../config.example.toml', import.meta.url), 'utf8');
    expect(PLAIN_SETTINGS.filter((name) => !example.includes(name.toLowerCase()))).toEqual([]);
  });

  it('takes config.toml of the working directory when none is named', () => {
    const path = writeToml('metrics_port = 9292\n');
    expect(load({}, { cwd: join(path, '..') }).metricsPort).toBe(9292);
  });

  it('reads secrets from the files that _FILE variables point to', () => {
    writeFileSync(join(cwd, 'key'), 'from-a-file\n');
    writeFileSync(join(cwd, 'url'), 'rtsp://u:p@10.0.0.1/a\n');
    const { S3_SECRET_ACCESS_KEY: _key, CAMERA1_RTSP_URL: _url, ...env } = FULL;
    const config = load({
      ...env,
      S3_SECRET_ACCESS_KEY_FILE: 'key',
      CAMERA1_RTSP_URL_FILE: 'url',
      TEMPORAL_API_KEY_FILE: 'key',
    });
    expect(config.store?.secretAccessKey).toBe('from-a-file');
    expect(config.temporal?.variables['TEMPORAL_API_KEY']).toBe('from-a-file');
    expect(config.cameras).toHaveLength(2);
  });

  it("hands Temporal's own variables on, and takes a profile for an address", () => {
    const config = load({
      TEMPORAL_PROFILE: 'prod',
      TEMPORAL_TLS: ' true ',
      TEMPORAL_TLS_SERVER_NAME: '',
      TEMPORAL_GRPC_META_X: 'y',
      TEMPORAL_SERVICE_HOST: 'z',
    });
    expect(config.temporal).toEqual({
      address: null,
      namespace: 'default',
      variables: { TEMPORAL_PROFILE: 'prod', TEMPORAL_TLS: 'true', TEMPORAL_GRPC_META_X: 'y' },
    });
  });

  it('lets tests shrink the time a segment is kept', () => {
    expect(load({ KEEP_LOCAL_MINUTES: '10', CAMERA_RECORDER_TIME_SCALE: '0.001' }).keepLocalMs).toBe(600);
  });

  it('listens for the cluster only inside one', () => {
    expect(load({ KUBERNETES_SERVICE_HOST: '10.0.0.1' }).metricsHost).toBe('0.0.0.0');
  });

  it('leaves the variables alone that Kubernetes and other programs set', () => {
    const env = {
      CAMERA_RECORDER_SERVICE_HOST: '10.0.0.1',
      CAMERA_RECORDER_PORT: 'tcp://10.0.0.1:9090',
      CAMERA_RECORDER_PORT_9090_TCP_PORT: '9090',
      S3_SERVICE_HOST: '10.0.0.2',
      TEMPORAL_PORT: 'tcp://10.0.0.3:7233',
      TMPDIR: '/tmp',
      LOGLEVEL: 'x',
      AWS_REGION: 'eu',
      CANARY1: 'x',
    };
    expect(linesOf(env)).toEqual([]);
  });
});

const one = (env: Readonly<Record<string, string>>, line: string) => ({ env, line });
const RTSP = 'an rtsp:// or rtsps:// URL with a host, like rtsp://user:password@192.168.1.97:554/stream1';
const ENCODED =
  'user and password percent-encoded ("@" as %40, "/" as %2F, "?" as %3F, "#" as %23), and any "@" of the path as %40';
const SPLIT = 'whole seconds, 2 to 3600, that divide a day (60, 300, 600, 900, 1800, 3600)';

describe('one mistake in the environment', () => {
  it.each([
    one(
      { METRICS_PORT: '99999' },
      'METRICS_PORT: "99999" is not allowed. Allowed: a port, 0 to 65535 (0 takes any free one).',
    ),
    one(
      { METRICS_PORT: '9090/tcp' },
      'METRICS_PORT: "9090/tcp" is not allowed. Allowed: a port, 0 to 65535 (0 takes any free one).',
    ),
    one(
      { MAX_CONCURRENT_UPLOADS: '0' },
      'MAX_CONCURRENT_UPLOADS: "0" is not allowed. Allowed: a whole number, 1 to 64.',
    ),
    one({ MAX_CAMERAS: '0' }, 'MAX_CAMERAS: "0" is not allowed. Allowed: a whole number, 1 to 10000.'),
    one({ SEGMENT_SECONDS: '700' }, `SEGMENT_SECONDS: "700" is not allowed. Allowed: ${SPLIT}.`),
    one({ KEEP_LOCAL_MINUTES: '9.9' }, 'KEEP_LOCAL_MINUTES: "9.9" is not allowed. Allowed: minutes, 10 to 100000.'),
    one({ STALL_TIMEOUT_SECONDS: '0.5' }, 'STALL_TIMEOUT_SECONDS: "0.5" is not allowed. Allowed: seconds, 1 to 120.'),
    one({ SOCKET_TIMEOUT_SECONDS: '-1' }, 'SOCKET_TIMEOUT_SECONDS: "-1" is not allowed. Allowed: seconds, 0.5 to 60.'),
    one(
      { MIN_FREE_BYTES: '1 GB' },
      'MIN_FREE_BYTES: "1 GB" is not allowed. Allowed: bytes, or with a unit: 500MiB, 20GiB.',
    ),
    one(
      { SITE_TIMEZONE: 'Berlin' },
      'SITE_TIMEZONE: "Berlin" is not allowed. Allowed: an IANA time zone, like Europe/Berlin or UTC.',
    ),
    one({ READINESS_POLICY: 'some' }, 'READINESS_POLICY: "some" is not allowed. Allowed: all, any, process.'),
    one(
      { LOG_LEVEL: 'verbose' },
      'LOG_LEVEL: "verbose" is not allowed. Allowed: trace, debug, info, warn, error, fatal, silent.',
    ),
    one(
      { ...FULL, S3_BUCKET: 'My_Bucket' },
      'S3_BUCKET: "My_Bucket" is not allowed. Allowed: 3 to 63 of a-z, 0-9, "-" and ".", beginning and ending with a letter or digit, and no IP address.',
    ),
    one(
      { ...FULL, S3_ENDPOINT: 'localhost:8333' },
      'S3_ENDPOINT: "localhost:8333" is not allowed. Allowed: an http:// or https:// URL without user and password, like http://localhost:8333.',
    ),
    one(
      { ...FULL, S3_ENDPOINT: 'http://u:SECRET@localhost' },
      'S3_ENDPOINT: this value is not allowed. Allowed: an http:// or https:// URL without user and password, like http://localhost:8333.',
    ),
    one(
      { ...FULL, TEMPORAL_ADDRESS: 'localhost' },
      'TEMPORAL_ADDRESS: "localhost" is not allowed. Allowed: host:port, like localhost:7233.',
    ),
    one(
      { METRICS_HOST: 'localhost' },
      'METRICS_HOST: "localhost" is not allowed. Allowed: an IP address to listen on, like 127.0.0.1 or 0.0.0.0.',
    ),
    one({ CAMERA1_RTSP_URL: 'http://u:p@10.0.0.1/SECRET' }, `CAMERA1_RTSP_URL: is not an RTSP URL. Allowed: ${RTSP}.`),
    one(
      { CAMERA1_RTSP_URL: 'rtsp://u:p@SECRET/a@cam' },
      `CAMERA1_RTSP_URL: can be read in several ways. Allowed: ${ENCODED}.`,
    ),
    one({ CAMERA1_RTSP_URL: 'rtsp://u:p@' }, `CAMERA1_RTSP_URL: is not an RTSP URL. Allowed: ${RTSP}.`),
    one(
      { CAMERA1_RTSP_URL: 'rtsp://a/b', CAMERA1_RTSP_URL_FILE: 'x' },
      'CAMERA1_RTSP_URL: is given twice, also as CAMERA1_RTSP_URL_FILE. Allowed: one of the two.',
    ),
    one(
      { CAMERA1_RTSP_URL_FILE: 'absent' },
      'CAMERA1_RTSP_URL_FILE: the file that it names cannot be read (ENOENT). Allowed: the path of a file that holds the secret.',
    ),
    one(
      { CAMERA_1_RTSP_URL: 'rtsp://a/b' },
      'CAMERA_1_RTSP_URL: is not a setting of ours. Did you mean CAMERA1_RTSP_URL?',
    ),
    one(
      { CAMERA01_RTSP_URL: 'rtsp://a/b' },
      'CAMERA01_RTSP_URL: is not a setting of ours. Did you mean CAMERA1_RTSP_URL?',
    ),
    one(
      { CAMERA2_RSTP_URL: 'rtsp://a/b' },
      'CAMERA2_RSTP_URL: is not a setting of ours. Did you mean CAMERA2_RTSP_URL?',
    ),
    one({ CAMERA3_URL: 'rtsp://a/b' }, 'CAMERA3_URL: is not a setting of ours. Did you mean CAMERA3_RTSP_URL?'),
    one({ S3_ENDPONT: 'http://a' }, 'S3_ENDPONT: is not a setting of ours. Did you mean S3_ENDPOINT?'),
    one({ s3_bucket: 'a' }, 's3_bucket: is not a setting of ours. Did you mean S3_BUCKET?'),
    one({ METRICSPORT: '1' }, 'METRICSPORT: is not a setting of ours. Did you mean METRICS_PORT?'),
    one({ S3_ACCESS_KEY: 'SECRET' }, 'S3_ACCESS_KEY: is not a setting of ours. Did you mean S3_ACCESS_KEY_ID?'),
    one({ S3_SECRET_KEY: 'SECRET' }, 'S3_SECRET_KEY: is not a setting of ours. Did you mean S3_SECRET_ACCESS_KEY?'),
    one({ S3_BUCKET_FILE: 'x' }, 'S3_BUCKET_FILE: only secrets are read from files. Allowed: S3_BUCKET.'),
    one({ TEMPORAL_TLS: 'banana' }, 'TEMPORAL_TLS: "banana" is not allowed. Allowed: true, false, 1, 0.'),
    one(
      { TEMPORAL_TLS_DISABLE_HOST_VERIFICATION: 'TRUE' },
      'TEMPORAL_TLS_DISABLE_HOST_VERIFICATION: "TRUE" is not allowed. Allowed: true, false, 1, 0.',
    ),
    one({ CAMERA_RECORDER_CONFIG: 'absent.toml' }, 'absent.toml: cannot be read (ENOENT). Allowed: a TOML file.'),
  ])('$line', ({ env, line }) => {
    expect(linesOf(env)).toEqual([line]);
  });
});

describe('several mistakes', () => {
  it('are all told at once, and no value of a secret is', () => {
    mkdirSync(join(cwd, 'dir'));
    const env = {
      S3_ENDPONT: 'http://a',
      S3_SECRET_ACCESS_KEY_FILE: 'dir',
      METRICS_PORT: 'many',
      CAMERA1_RTSP_URL: 'SECRETSECRET',
      CAMERA2_RTSP_URL: 'https://u:SECRET@a',
    };
    const lines = linesOf(env, { required: ALL });
    expect(lines.map((line) => line.split(': ')[0])).toEqual([
      'S3_ENDPONT',
      'CAMERA1_RTSP_URL',
      'CAMERA2_RTSP_URL',
      'S3_SECRET_ACCESS_KEY_FILE',
      'S3_ENDPOINT',
      'S3_ACCESS_KEY_ID',
      'TEMPORAL_ADDRESS',
      'METRICS_PORT',
    ]);
    expect(lines.join('\n').replaceAll('S3_SECRET', '')).not.toContain('SECRET');
  });

  it('name everything that is missing where nothing is embedded', () => {
    const expected = [
      'CAMERA1_RTSP_URL',
      'S3_ENDPOINT',
      'S3_ACCESS_KEY_ID',
      'S3_SECRET_ACCESS_KEY',
      'TEMPORAL_ADDRESS',
    ];
    const names = (lines: readonly string[]) => lines.map((line) => line.split(': ')[0]);
    expect(names(linesOf({}, { required: ALL }))).toEqual(expected);
    expect(names(linesOf({ CAMERA_RECORDER_EMBEDDED: 'never' }))).toEqual(expected);
    expect(names(linesOf({}, { required: ['temporal'] }))).toEqual(['TEMPORAL_ADDRESS']);
  });

  it('are counted in the first line', () => {
    expect(() => load({ METRICS_PORT: 'a', LOG_LEVEL: 'b' })).toThrow(
      /^The configuration has 2 mistakes; nothing was started\.\n/,
    );
  });
});

describe('one mistake in the file', () => {
  it.each([
    ['metric_port = 1', 'metric_port (in %): is not a setting of ours. Did you mean metrics_port?'],
    ['colour = "red"', 'colour (in %): is not a setting of ours.'],
    [
      'metrics_port = 99999',
      'METRICS_PORT: "99999" is not allowed. Allowed: a port, 0 to 65535 (0 takes any free one).',
    ],
    ['s3_bucket = ["a"]', 's3_bucket: is a table or a list. Allowed: one value.'],
    [
      's3_secret_access_key = "SECRET"',
      's3_secret_access_key (in %): is a secret. Allowed: the variable S3_SECRET_ACCESS_KEY, or S3_SECRET_ACCESS_KEY_FILE with a path.',
    ],
    ['a = = "SECRET"', '%: is not TOML: line 1, column 5.'],
    ['cameras = 3', 'cameras: is not a list of tables. Allowed: [[cameras]] for each camera.'],
    ['[[cameras]]\nname = "x"', 'cameras[0].id: is missing. Allowed: 1 to 63 of a-z, 0-9 and "-", not at the ends.'],
    [
      '[[cameras]]\nid = "Front"\nurl = "rtsp://a/b"',
      'cameras[0].id: "Front" is not allowed. Allowed: 1 to 63 of a-z, 0-9 and "-", not at the ends.',
    ],
    [
      '[[cameras]]\nid = "a"\nurl = "rtsp://a/b"\n[[cameras]]\nid = "a"\nurl = "rtsp://a/c"',
      'cameras[1].id: "a" is given twice. Allowed: an id of its own.',
    ],
    [
      '[[cameras]]\nid = "a"\nurl = "rtsp://u:SECRET@a/b"',
      'cameras[0].url: this value is not allowed. Allowed: an rtsp:// or rtsps:// URL without user and password (with one, it is a secret: CAMERA<n>_RTSP_URL).',
    ],
    [
      '[[cameras]]\nid = "a"\nurl = "rtsp://a/b"\nsecret = "a"',
      'cameras[0].url: is given beside secret. Allowed: one of the two.',
    ],
    [
      '[[cameras]]\nid = "a"\nurl = "rtsp://a/b"\naudio = "mp3"',
      'cameras[0].audio: "mp3" is not allowed. Allowed: aac, off.',
    ],
    [
      '[[cameras]]\nid = "a"\nurl = "rtsp://a/b"\ntags = [1]',
      'cameras[0].tags: is not a list of texts. Allowed: a list like ["outside", "street"].',
    ],
    [
      '[[cameras]]\nid = "a"\nurl = "rtsp://a/b"\nsegment_second = 60',
      'cameras[0].segment_second: is not a setting of ours. Did you mean segment_seconds?',
    ],
    [
      '[[cameras]]\nid = "a"\nurl = "rtsp://a/b"\nsegment_seconds = 7',
      `cameras[0].segment_seconds: "7" is not allowed. Allowed: ${SPLIT}.`,
    ],
    [
      '[[cameras]]\nid = "camera-7"',
      'cameras "camera-7": there is no URL for its secret "camera-7". Allowed: CAMERA7_RTSP_URL, or CAMERA_SECRETS_DIR with a file "camera-7".',
    ],
    [
      '[[cameras]]\nid = "front"',
      'cameras "front": there is no URL for its secret "front". Allowed: CAMERA_SECRETS_DIR with a file "front".',
    ],
  ])('%s', (toml, line) => {
    const configPath = writeToml(toml);
    expect(linesOf({}, { configPath })).toEqual([line.replace('%', configPath)]);
  });
});
