import { existsSync, readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { DEFAULT_KEEPER_LIMITS } from '../../src/keeper/keeper-limits.js';
import { EXIT_BAD_CONFIG } from '../../src/keeper/protocol.js';

const root = new URL('../../', import.meta.url);
const unit = readFileSync(new URL('manifests/systemd/camera-recorder.service', root), 'utf8');

function setting(name: string): string {
  const values = [...unit.matchAll(new RegExp(`^${name}=(.*)$`, 'gm'))].map(([, value]) => value ?? '');
  if (values.length !== 1) throw new Error(`${name} is there ${values.length} times`);
  return values[0] ?? '';
}

describe('the systemd unit', () => {
  it('starts a program that exists, with a verb that exists', () => {
    const [, program, verb, ...options] = setting('ExecStart').split(' ');
    expect(existsSync(new URL(program?.replace('/opt/camera-recorder/', '') ?? '', root))).toBe(true);
    expect([verb, ...options]).toEqual(['worker', '--role', 'all']);
  });

  it('lets the keeper end by its own ladder before it kills everything', () => {
    const { stopTimeoutMs, ffmpegStopTimeoutMs } = DEFAULT_KEEPER_LIMITS;
    expect(Number(setting('TimeoutStopSec')) * 1_000).toBeGreaterThan(stopTimeoutMs + ffmpegStopTimeoutMs);
    expect(setting('KillMode')).toBe('mixed');
  });

  it('ends on wrong settings, and on nothing else', () => {
    expect(setting('Restart')).toBe('always');
    expect(setting('RestartPreventExitStatus')).toBe(String(EXIT_BAD_CONFIG));
    expect(setting('StartLimitIntervalSec')).toBe('0');
    expect(setting('OOMPolicy')).toBe('continue');
  });

  it('keeps the spool where it survives a reboot', () => {
    expect(setting('Environment')).toBe(`TEMP_DIR=/var/lib/${setting('StateDirectory')}`);
  });
});
