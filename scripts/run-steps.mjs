/**
 * @typedef {{ readonly passed: number, readonly failed: number, readonly skipped: number }} Totals
 * @typedef {{ readonly name: string, readonly run: () => Promise<Totals> }} Step
 */

const NOTHING = { passed: 0, failed: 0, skipped: 0 };
export const PASSED = { ...NOTHING, passed: 1 };
export const FAILED = { ...NOTHING, failed: 1 };

/**
 * Runs the steps in order up to the first that fails, each with its time. A step that throws has failed.
 *
 * @param {readonly Step[]} steps
 * @param {(line: string) => void} print
 * @returns {Promise<Totals>}
 */
export async function runSteps(steps, print) {
  /** @type {Totals} */
  let totals = NOTHING;
  for (const { name, run } of steps) {
    const startedAtMs = performance.now();
    print(`── ${name}`);
    const step = await run().catch((/** @type {unknown} */ error) => {
      print(error instanceof Error ? (error.stack ?? error.message) : String(error));
      return FAILED;
    });
    totals = add(totals, step);
    const seconds = ((performance.now() - startedAtMs) / 1_000).toFixed(1);
    print(`   ${step.failed === 0 ? 'ok' : 'FAILED'}: ${name}, ${seconds} s`);
    if (step.failed > 0) break;
  }
  return totals;
}

/** @param {Totals} totals */
export function totalsLine({ passed, failed, skipped }) {
  return `${passed} passed, ${failed} failed, ${skipped} skipped`;
}

/**
 * Counts of vitest's JSON report. A file that does not load, an error outside of tests, and no tests at all count as
 * failures: each would otherwise look like success.
 *
 * @param {{ readonly testResults: readonly VitestFile[] } | undefined} report
 * @param {number} exitCode
 * @returns {Totals}
 *
 * @typedef {{ readonly status: string, readonly assertionResults: readonly { readonly status: string }[] }} VitestFile
 */
export function totalsOfTests(report, exitCode) {
  if (report === undefined) return FAILED;
  const statuses = report.testResults.flatMap((file) => file.assertionResults.map((test) => test.status));
  const failedTests = statuses.filter((status) => status === 'failed').length;
  const failedFiles = report.testResults.filter(
    (file) => file.status === 'failed' && file.assertionResults.every((test) => test.status !== 'failed'),
  ).length;
  const passed = statuses.filter((status) => status === 'passed').length;
  const isSilentFailure = failedTests + failedFiles === 0 && (exitCode !== 0 || passed === 0);
  return {
    passed,
    failed: failedTests + failedFiles + (isSilentFailure ? 1 : 0),
    skipped: statuses.length - passed - failedTests,
  };
}

/**
 * @param {Totals} a
 * @param {Totals} b
 * @returns {Totals}
 */
function add(a, b) {
  return { passed: a.passed + b.passed, failed: a.failed + b.failed, skipped: a.skipped + b.skipped };
}
