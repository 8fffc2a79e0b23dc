import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import { readConfig } from '../../src/config/load-config.js';

const DAY_MS = 86_400_000;
const GIB = 2 ** 30;

function read(env: Readonly<Record<string, string>>, cameras = '') {
  const cwd = mkdtempSync(join(tmpdir(), 'retention-config-'));
  onTestFinished(() => rmSync(cwd, { recursive: true, force: true }));
  writeFileSync(join(cwd, 'config.toml'), cameras);
  const { config, mistakes } = readConfig({ env: { CAMERA1_RTSP_URL: 'rtsp://192.168.1.97/stream1', ...env }, cwd });
  return { ...config.retention, mistakes: mistakes.map(({ setting }) => setting) };
}

describe('the settings of retention', () => {
  it('keep everything unless something is said', () => {
    expect(read({})).toEqual({ usual: { maxAgeMs: null, maxBytes: null }, cameras: {}, mistakes: [] });
    expect(read({ RETENTION_DAYS: 'forever', RETENTION_BYTES: 'unlimited' }).usual).toEqual({
      maxAgeMs: null,
      maxBytes: null,
    });
  });

  it('are for every camera, but for one that has its own', () => {
    const cameras = `
      [[cameras]]
      id = "camera-1"
      retention_days = "forever"
      [[cameras]]
      id = "yard"
      url = "rtsp://192.168.1.20/stream1"
      retention_bytes = "20GiB"
      [[cameras]]
      id = "hall"
      url = "rtsp://192.168.1.21/stream1"
    `;
    expect(read({ RETENTION_DAYS: '4', RETENTION_BYTES: '90GiB' }, cameras)).toEqual({
      usual: { maxAgeMs: 4 * DAY_MS, maxBytes: 90 * GIB },
      cameras: {
        'camera-1': { maxAgeMs: null, maxBytes: 90 * GIB },
        yard: { maxAgeMs: 4 * DAY_MS, maxBytes: 20 * GIB },
      },
      mistakes: [],
    });
  });

  it.each([
    [{ RETENTION_DAYS: '0.5' }, ['RETENTION_DAYS']],
    [{ RETENTION_DAYS: '-1' }, ['RETENTION_DAYS']],
    [{ RETENTION_DAYS: 'never' }, ['RETENTION_DAYS']],
    [{ RETENTION_BYTES: '90GB' }, ['RETENTION_BYTES']],
    [{ RETENTION_DAYS: '4', KEEP_LOCAL_MINUTES: '1440' }, ['KEEP_LOCAL_MINUTES']],
    [{ KEEP_LOCAL_MINUTES: '1440' }, []],
    [{ RETENTION_DAY: '4' }, ['RETENTION_DAY']],
  ])('%j has the mistakes %j, and a mistake keeps everything', (env, mistakes) => {
    const told = read(env as Readonly<Record<string, string>>);
    expect(told.mistakes).toEqual(mistakes);
    if (mistakes[0]?.startsWith('RETENTION_')) expect(told.usual).toEqual({ maxAgeMs: null, maxBytes: null });
  });
});
