import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, it } from 'vitest';
import { loadConfig } from '../../src/config/load-config.js';

const cwd = mkdtempSync(join(tmpdir(), 'cameras-'));
afterAll(() => rmSync(cwd, { recursive: true, force: true }));

it.each(['url = "rtsp://old/b"', 'secret = "front"'])(
  'a variable says where its camera is, whatever the file says: %s',
  (line) => {
    const configPath = writeToml(`[[cameras]]\nid = "camera-1"\nname = "Door"\n${line}`);
    const [camera] = loadConfig({ env: { CAMERA1_RTSP_URL: 'rtsp://new/b' }, cwd, configPath }).cameras;
    expect(camera).toMatchObject({ name: 'Door', spec: { source: { kind: 'secret', name: 'camera-1' } } });
  },
);

it('an id that is given twice is told beside what is wrong with its first table', () => {
  const configPath = writeToml('[[cameras]]\nid = "a"\nurl = "http://a/b"\n[[cameras]]\nid = "a"');
  expect(() => loadConfig({ env: {}, cwd, configPath })).toThrow(
    /^The configuration has 2 mistakes.*\n.*cameras\[0\]\.url: .*\n.*cameras\[1\]\.id: "a" is given twice\./,
  );
});

function writeToml(toml: string): string {
  const path = join(cwd, 'config.toml');
  writeFileSync(path, toml);
  return path;
}
