import { createServer } from 'node:net';
import { expect, it, onTestFinished } from 'vitest';
import { systemClock } from '../../src/clock.js';
import { servePage } from '../../src/http/page-server.js';
import { PageState } from '../../src/http/page-state.js';
import { createRegistry } from '../../src/http/registry.js';
import { createLogger } from '../../src/log.js';
import { freePort } from '../support/ports.js';
import { waitFor } from '../support/wait-for.js';
import { statusInput } from './status-inputs.js';

it('a port that is taken is waited for, and nothing else waits for the page', async () => {
  const port = await freePort();
  const holder = createServer();
  await new Promise<void>((resolve) => holder.listen(port, '127.0.0.1', resolve));
  const config = {
    metricsHost: '127.0.0.1',
    metricsPort: port,
    cameras: [],
    timezone: 'UTC',
    readinessPolicy: 'all',
    temporalUiUrl: null,
    temporal: null,
  } as const;
  const page = servePage({
    config,
    registry: createRegistry({ version: '1.2.3' }),
    state: new PageState({ config, recorder: null, workerStatus: () => statusInput().worker, clock: systemClock }),
    coreMetricsUrl: null,
    log: createLogger({ level: 'silent', name: 'test' }),
  });
  onTestFinished(() => page.close());
  await new Promise((resolve) => holder.close(resolve));
  const ask = async () => (await fetch(`http://127.0.0.1:${port}/ready`)).status;
  expect(await waitFor(ask, { what: 'the page', deadlineMs: 10_000 })).toBe(200);
  await page.close();
  await expect(ask()).rejects.toThrow();
});
