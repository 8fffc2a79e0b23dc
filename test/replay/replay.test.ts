import { readdirSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { DefaultLogger, Runtime, Worker } from '@temporalio/worker';
import { DeterminismViolationError } from '@temporalio/workflow';
import { expect, test } from 'vitest';
import { afterFile } from '../support/after-file.js';
import { workflowBundle } from '../support/workflow-bundle.js';
import { CASES } from './cases.js';
import { recordHistories } from './record-histories.js';

const DIR = fileURLToPath(new URL('histories/', import.meta.url));
const newName = process.env['RECORD_HISTORIES'];

const histories = readdirSync(DIR).filter((name) => name.endsWith('.json'));

function historyOf(file: string): unknown {
  return JSON.parse(readFileSync(`${DIR}/${file}`, 'utf8'));
}

function inPayloads(history: string, change: (text: string) => string): string {
  return history.replaceAll(/"data":"([^"]+)"/g, (_, data: string) => {
    const changed = change(Buffer.from(data, 'base64').toString('utf8'));
    return `"data":"${Buffer.from(changed).toString('base64')}"`;
  });
}

/** With what its payloads say. */
function readable(history: string): string {
  return history.replaceAll(/"data":"([^"]+)"/g, (_, data: string) => Buffer.from(data, 'base64').toString('utf8'));
}

/** Under its own workflow id: the workflow reads its camera from it. */
async function replay(history: unknown): Promise<void> {
  const [first] = (history as { events: { workflowExecutionStartedEventAttributes: { workflowId: string } }[] }).events;
  const { workflowId } = first?.workflowExecutionStartedEventAttributes ?? {};
  await Worker.runReplayHistory({ workflowBundle: await workflowBundle() }, history as never, workflowId);
}

if (newName === undefined) {
  const logging = { filter: { core: 'ERROR', other: 'ERROR' }, forward: {} } as const;
  Runtime.install({ logger: new DefaultLogger('ERROR'), telemetryOptions: { logging } });

  test.each(histories)('workflows of today go on where %s left off', async (file) => {
    await replay(historyOf(file));
  });

  test.each(Object.entries(CASES))('there is a history of the case %s, and it shows it', (name, shown) => {
    const ofCase = histories.filter((file) => file.replace(/^\d+\.\d+-/, '') === `${name}.json`);
    const said = ofCase.map((file) => readable(JSON.stringify(historyOf(file))));
    expect(said.some((text) => shown.every((pattern) => pattern.test(text)))).toBe(true);
  });

  test('every history is of a case', () => {
    const known = new Set(Object.keys(CASES));
    expect(histories.filter((file) => !known.has(file.replace(/^\d+\.\d+-|\.json$/g, '')))).toEqual([]);
  });

  test('no history says where it was recorded', () => {
    const foreign = /rtsp:\/\/|\/(?:tmp|home|work|root)\/|@(?!host\b|temporalio\/|record|upload|box-)[a-z0-9-]+:\d/;
    expect(histories.filter((file) => foreign.test(readable(JSON.stringify(historyOf(file)))))).toEqual([]);
  });

  test('a camera cancelled today says that it is removed, one cancelled before that was said does not', () => {
    const removed = Buffer.from('"removed"').toString('base64');
    const saysRemoved = (name: string) =>
      JSON.stringify(historyOf(`${name}-camera-cancelled.json`)).includes(`"data":"${removed}"`);
    expect(['0.1', '0.2'].map(saysRemoved)).toEqual([false, true]);
  });

  test.each(['camera-cancelled', 'camera-next-run', 'upload'])(
    'the zone in which 0.3-%s is written does not decide what the workflow does',
    async (kind) => {
      const written = JSON.stringify(historyOf(`0.3-${kind}.json`));
      for (const zone of ['Asia/Kolkata', 'Mars/Olympus_Mons']) {
        const elsewhere = inPayloads(written, (text) => text.replaceAll('Europe/Berlin', zone));
        expect(elsewhere).not.toBe(written);
        await replay(JSON.parse(elsewhere));
      }
    },
  );

  test('a history that today’s workflow would not have made is noticed', async () => {
    const file = histories.find((name) => name.endsWith('camera-cancelled.json')) ?? '';
    const changed: unknown = JSON.parse(
      JSON.stringify(historyOf(file)).replaceAll('assignCamera', 'someOtherActivity'),
    );
    await expect(replay(changed)).rejects.toBeInstanceOf(DeterminismViolationError);
  });
} else {
  test('histories are recorded', { timeout: 400_000 }, async () => {
    await recordHistories({ dir: DIR, name: newName, register: afterFile });
    expect(readdirSync(DIR).length).toBeGreaterThan(0);
  });
}
