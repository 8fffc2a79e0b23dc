import { createServer } from 'node:http';
import { Counter } from 'prom-client';
import { describe, expect, it, onTestFinished } from 'vitest';
import type { ReadinessAnswer } from '../../src/http/readiness.js';
import { createRegistry } from '../../src/http/registry.js';
import { buildServer, type ServerDeps } from '../../src/http/server.js';
import { statusView } from '../../src/http/status-view.js';
import { createLogger } from '../../src/log.js';
import { camera1, cameraConfig, statusInput } from './status-inputs.js';

const ready: ReadinessAnswer = { isReady: true, policy: 'all', why: 'fine.', cameras: [], notAsked: [] };

function server(more: Partial<ServerDeps> = {}) {
  const built = buildServer({
    registry: createRegistry({ version: '1.2.3' }),
    coreMetricsUrl: null,
    status: () => statusView(statusInput()),
    readiness: () => ready,
    log: createLogger({ level: 'silent', name: 'test' }),
    ...more,
  });
  onTestFinished(() => built.close());
  return built;
}

describe('/health', () => {
  it('says yes even when nothing else works', async () => {
    const broken = server({
      status: () => {
        throw new Error('no status');
      },
      readiness: () => ({ ...ready, isReady: false }),
    });
    const answer = await broken.inject('/health');
    expect([answer.statusCode, answer.json().status]).toEqual([200, 'ok']);
  });
});

describe('/ready', () => {
  it.each([
    [true, 200],
    [false, 503],
  ])('ready %s answers %d with the reason', async (isReady, code) => {
    const answer = await server({ readiness: () => ({ ...ready, isReady }) }).inject('/ready');
    expect([answer.statusCode, answer.json().why]).toEqual([code, 'fine.']);
  });
});

describe('/metrics', () => {
  it('has the build, the process, and what others put into the registry', async () => {
    const registry = createRegistry({ version: '1.2.3' });
    new Counter({
      name: 'camera_segments_uploaded_total',
      help: 'x',
      labelNames: ['camera_id'],
      registers: [registry],
    }).inc({ camera_id: 'camera-1' }, 0);
    const answer = await server({ registry }).inject('/metrics');
    expect(answer.headers['content-type']).toBe(registry.contentType);
    expect(answer.body).toContain(`camera_recorder_build_info{version="1.2.3",node="${process.versions.node}"} 1`);
    expect(answer.body).toContain('camera_segments_uploaded_total{camera_id="camera-1"} 0');
    expect(answer.body).toContain('process_resident_memory_bytes');
  });

  it("ends with Temporal Core's own page", async () => {
    const coreMetricsUrl = await servePage('# TYPE temporal_x counter\ntemporal_x 7');
    const { body } = await server({ coreMetricsUrl }).inject('/metrics');
    expect(body).toContain('\ntemporal_x 7\n');
    expect(body).toContain('camera_recorder_temporal_core_metrics_up 1');
  });

  it('survives Core being away, and says so', async () => {
    const coreMetricsUrl = await servePage('temporal_x 7', 500);
    for (const url of [coreMetricsUrl, 'http://127.0.0.1:1/metrics']) {
      const { statusCode, body } = await server({ coreMetricsUrl: url }).inject('/metrics');
      expect(statusCode).toBe(200);
      expect(body).not.toContain('temporal_x');
      expect(body).toContain('camera_recorder_temporal_core_metrics_up 0');
    }
  });
});

describe('the page', () => {
  it('is one table that loads nothing and reloads itself', async () => {
    const answer = await server().inject('/');
    expect(answer.headers['content-type']).toBe('text/html; charset=utf-8');
    expect(answer.headers['content-security-policy']).toContain("default-src 'none'");
    expect(answer.body).toContain('<meta http-equiv="refresh"');
    expect(answer.body).toContain('name="viewport"');
    expect(answer.body).toContain('<span class="id">camera-1</span>');
    expect(answer.body).toContain('recording since 14:03:12, segment seals at 14:15:00');
    expect(answer.body).not.toMatch(/<script|src=|@import|url\(/);
  });

  it('shows names as they are written, whatever is in them', async () => {
    const configured = [cameraConfig(camera1, { name: '<img src=x onerror="a">', tags: ["a&b'"] })];
    const { body } = await server({ status: () => statusView(statusInput({ configured })) }).inject('/');
    expect(body).toContain('&lt;img src=x onerror=&quot;a&quot;&gt; (<span class="id">camera-1</span>)');
    expect(body).toContain('a&amp;b&#39;');
    expect(body).not.toContain('<img');
  });

  it('links each camera to the Web UI when that is known', async () => {
    const webUi = { url: 'http://localhost:8233', namespace: 'default' };
    const { body } = await server({ status: () => statusView(statusInput({ webUi })) }).inject('/');
    expect(body).toContain(
      '<a href="http://localhost:8233/namespaces/default/workflows/camera-1"><span class="id">camera-1</span></a>',
    );
    expect((await server().inject('/')).body).not.toContain('workflows');
  });

  it('that cannot be made says so without the reason', async () => {
    const status = () => {
      throw new Error('rtsp://u:p@a');
    };
    const answer = await server({ status }).inject('/');
    expect([answer.statusCode, answer.body]).toEqual([500, 'This page could not be made; the log says why.\n']);
  });
});

it('/status.json is the view that the page shows', async () => {
  expect((await server().inject('/status.json')).json()).toEqual(statusView(statusInput()));
});

async function servePage(page: string, code = 200): Promise<string> {
  const core = createServer((_request, response) => response.writeHead(code).end(page));
  onTestFinished(() => void core.close());
  await new Promise<void>((resolve) => core.listen(0, '127.0.0.1', resolve));
  const address = core.address();
  if (address === null || typeof address === 'string') throw new Error('no port');
  return `http://127.0.0.1:${address.port}/metrics`;
}
