import { collectDefaultMetrics, Gauge, Registry } from 'prom-client';

/** A registry of its own, never the global one, with what is true of every Node process and of this build. */
export function createRegistry(build: { readonly version: string }): Registry {
  const registry = new Registry();
  collectDefaultMetrics({ register: registry });
  new Gauge({
    name: 'camera_recorder_build_info',
    help: 'Always 1; the labels say which build runs on which Node.',
    labelNames: ['version', 'node'],
    registers: [registry],
  }).set({ version: build.version, node: process.versions.node }, 1);
  return registry;
}
