import { expect, test } from 'vitest';
import { FAILED, PASSED, runSteps, totalsLine, totalsOfTests } from '../../scripts/run-steps.mjs';

test('steps run up to the first that fails, and everything is counted', async () => {
  const ran: string[] = [];
  const lines: string[] = [];
  const step = (name: string, totals: typeof PASSED) => ({
    name,
    run: async () => {
      ran.push(name);
      return await Promise.resolve(totals);
    },
  });
  const totals = await runSteps(
    [step('types', PASSED), step('tests', { passed: 5, failed: 2, skipped: 1 }), step('links', FAILED)],
    (line) => lines.push(line),
  );
  expect(ran).toEqual(['types', 'tests']);
  expect(totalsLine(totals)).toBe('6 passed, 2 failed, 1 skipped');
  expect(lines).toContainEqual(expect.stringMatching(/^ {3}FAILED: tests, \d+\.\d s$/));
});

test('a step that throws has failed, and says why', async () => {
  const lines: string[] = [];
  const broken = { name: 'set-up', run: () => Promise.reject(new Error('no pip')) };
  expect(await runSteps([broken], (line) => lines.push(line))).toEqual(FAILED);
  expect(lines.join('\n')).toContain('no pip');
});

const file = (status: string, ...tests: string[]) => ({ status, assertionResults: tests.map((s) => ({ status: s })) });

test.each([
  ['all well', [file('passed', 'passed', 'passed')], 0, '2 passed, 0 failed, 0 skipped'],
  ['skipped in two ways', [file('passed', 'passed', 'skipped', 'todo')], 0, '1 passed, 0 failed, 2 skipped'],
  ['a failed test', [file('failed', 'passed', 'failed')], 1, '1 passed, 1 failed, 0 skipped'],
  ['a file that does not load', [file('failed'), file('passed', 'passed')], 1, '1 passed, 1 failed, 0 skipped'],
  ['an error outside of tests', [file('passed', 'passed')], 1, '1 passed, 1 failed, 0 skipped'],
  ['no tests at all', [], 0, '0 passed, 1 failed, 0 skipped'],
  ['nothing but skipped ones', [file('passed', 'skipped')], 0, '0 passed, 1 failed, 1 skipped'],
])('of a test report with %s the line is right', (_what, testResults, exitCode, line) => {
  expect(totalsLine(totalsOfTests({ testResults }, exitCode))).toBe(line);
});

test('no report at all is a failure', () => {
  expect(totalsOfTests(undefined, 0)).toEqual(FAILED);
});
