import { describe, expect, it } from 'vitest';
import { redact } from '../src/redact.js';

describe('redact', () => {
  it.each([
    ["Impossible to open 'rtsp://cam:p%40ss@10.0.0.1/s'", "Impossible to open 'rtsp://***@10.0.0.1/s'"],
    ['rtsp://a:b@c/d and rtsps://e:f@g', 'rtsp://***@c/d and rtsps://***@g'],
    ['rtsp://user:pa@ss/w:ord@host/s failed', 'rtsp://***@host/s failed'],
    ['http://10.0.0.1:8333/bucket', 'http://10.0.0.1:8333/bucket'],
    ['RTSP://U:P@H', 'RTSP://***@H'],
  ])('%s', (text, expected) => {
    expect(redact(text)).toBe(expected);
  });

  it('bounds the length', () => {
    expect(redact('x'.repeat(10_000)).length).toBeLessThanOrEqual(2_001);
  });
});
