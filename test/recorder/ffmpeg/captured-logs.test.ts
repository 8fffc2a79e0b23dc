import { readdirSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { describe, expect, test } from 'vitest';
import { classifyExit } from '../../../src/recorder/ffmpeg/log-classifier.js';
import { EXIT_CODES, LOG_RULES, NOISE } from '../../../src/recorder/ffmpeg/log-rules.js';
import { type CapturedEnd, captureLogs } from './capture-logs.js';
import { PROVOCATIONS } from './provocations.js';

const DIR = fileURLToPath(new URL('logs', import.meta.url));
const newFfmpeg = process.env['CAPTURE_FFMPEG_LOGS'];

/** The version that never says it. Of a camera that does not speak FFmpeg 5.1 says only "Invalid data found", whatever happened. */
const UNSAID = [
  { version: '5.1.9', says: ['Connection reset', 'End of file'] },
  { version: '9.0.2', says: ['pipe:4: Invalid data found'] },
];
/** For which 5.1 has no words of its own. */
const UNTOLD_BY_5_1 = ['ends the connection at once', 'resets the connection at once', 'fails to be read'];

const versions = readdirSync(DIR).map((file) => ({
  version: file.replace('.json', ''),
  ends: JSON.parse(readFileSync(`${DIR}/${file}`, 'utf8')) as readonly CapturedEnd[],
}));

const textOf = ({ log }: CapturedEnd): string => log.map((line) => `${line}\n`).join('');

if (newFfmpeg === undefined) {
  test('the oldest and the newest supported FFmpeg were captured', () => {
    expect(versions.map(({ version }) => version)).toEqual(['5.1.9', '9.0.2']);
  });

  describe.each(versions)('FFmpeg $version', ({ version, ends }) => {
    test.each(ends)('$name', (end) => {
      const wanted = PROVOCATIONS.find(({ name }) => name === end.name)?.kind;
      const isUntold = version.startsWith('5.1') && UNTOLD_BY_5_1.includes(end.name);
      const { kind } = classifyExit({ logText: textOf(end), code: end.code, signal: end.signal });
      expect(kind).toBe(isUntold ? 'timed-out' : wanted);
    });

    test('was captured in every provocation', () => {
      expect(ends.map(({ name }) => name)).toEqual(PROVOCATIONS.map(({ name }) => name));
    });

    test.each(LOG_RULES)('says $pattern, or is known not to', ({ pattern }) => {
      const unsaid = UNSAID.find((one) => one.version === version)?.says ?? [];
      const isSaid = ends.some((end) => pattern.test(textOf(end)));
      expect(isSaid).toBe(!unsaid.includes(pattern.source));
    });

    test('complains of a refused keepalive', () => {
      expect(ends.map(textOf).join('').match(NOISE)).not.toBeNull();
    });

    test('exits with codes that mean what its words mean', () => {
      for (const end of ends) {
        const byCode = EXIT_CODES.get(end.code ?? 0);
        if (byCode === undefined) continue;
        expect(classifyExit({ logText: textOf(end), code: end.code, signal: null }).kind).toBe(byCode);
        expect(classifyExit({ logText: '', code: end.code, signal: null }).kind).toBe(byCode);
      }
    });

    test('was captured without a password', () => {
      expect(JSON.stringify(ends)).not.toContain('pass@');
    });
  });

  test('every exit code that speaks for itself was captured', () => {
    const codes = new Set(versions.flatMap(({ ends }) => ends.map(({ code }) => code)));
    expect([...EXIT_CODES.keys()].filter((code) => !codes.has(code))).toEqual([]);
  });
} else {
  test('logs are captured', { timeout: 300_000 }, async () => {
    expect(await captureLogs(newFfmpeg, DIR)).toContain(DIR);
  });
}
