/**
 * Who may import whom in src/: the one table. Imports go one way, from the command line down to the domain;
 * `recorder` and `object-store` never meet; the keeper outlives everything because it needs nothing.
 *
 * @typedef {object} FolderRule
 * @property {readonly string[]} folders others it may import: a folder, or one file of it
 * @property {readonly string[]} [types] others it may import types of
 * @property {readonly RegExp[]} packages beside Node's own modules
 */

const ZOD = /^zod$/;
const EXECA = /^execa$/;
const PROM_CLIENT = /^prom-client$/;
const AWS_SDK = /^@(aws-sdk|smithy)\//;
const TEMPORAL = /^@temporalio\//;

/** May be imported by every folder that has them in its list. */
const BASICS = ['clock.ts', 'log.ts', 'redact.ts'];
const BELOW_WORKERS = ['recorder', 'object-store', 'playback', 'spool', 'mp4', 'domain', 'keeper/keeper-client.ts'];

/** @type {Readonly<Record<string, FolderRule>>} */
export const importRules = {
  'clock.ts': { folders: [], packages: [] },
  'redact.ts': { folders: [], types: ['domain'], packages: [] },
  'log.ts': { folders: [], packages: [/^pino$/] },
  domain: { folders: [], packages: [ZOD] },
  mp4: { folders: ['domain'], packages: [] },
  spool: { folders: ['mp4', 'domain', ...BASICS], packages: [ZOD, PROM_CLIENT] },
  // It parses ids and knows the name of FFmpeg's log; these two files import nothing (docs/adr/0008).
  keeper: { folders: ['domain/ids.ts', 'domain/session-log.ts'], types: ['domain'], packages: [] },
  recorder: {
    folders: ['spool', 'mp4', 'domain', 'keeper/keeper-client.ts', 'keeper/keeper-error.ts', ...BASICS],
    types: ['keeper/protocol.ts'],
    packages: [ZOD, EXECA, PROM_CLIENT],
  },
  'object-store': { folders: ['spool', 'mp4', 'domain', ...BASICS], packages: [AWS_SDK, ZOD, PROM_CLIENT] },
  playback: {
    folders: ['object-store/object-store.ts', 'object-store/coverage-metadata.ts', 'mp4', 'domain', ...BASICS],
    packages: [ZOD, EXECA],
  },
  // zod comes with the domain anyway, and is as deterministic.
  workflows: { folders: ['domain'], packages: [/^@temporalio\/(workflow|common)$/, ZOD] },
  activities: {
    folders: ['workflows/contract.ts', ...BELOW_WORKERS, ...BASICS],
    packages: [TEMPORAL, PROM_CLIENT, ZOD],
  },
  workers: {
    folders: [
      'activities',
      'workflows/contract.ts',
      // Keys that workflows and workers share (docs/adr/0008).
      'workflows/search-attribute-keys.ts',
      'config',
      ...BELOW_WORKERS,
      ...BASICS,
    ],
    packages: [TEMPORAL, PROM_CLIENT, ZOD],
  },
  config: { folders: ['domain', ...BASICS], packages: [ZOD, /^smol-toml$/] },
  simulator: { folders: ['mp4', 'domain', ...BASICS], packages: [EXECA, ZOD] },
  http: {
    folders: ['workers', 'config', 'domain', ...BASICS],
    // What the page shows of a camera is the recorder's to say (docs/adr/0008).
    types: ['recorder/recorder.ts'],
    packages: [/^fastify$/, PROM_CLIENT],
  },
  // The contract names what the embedded Temporal must have (docs/adr/0008).
  embedded: {
    folders: ['workers', 'workflows/contract.ts', 'simulator', 'config', 'object-store', 'domain', ...BASICS],
    packages: [EXECA, ZOD],
  },
  cli: {
    folders: [
      'http',
      'embedded',
      'workers',
      'activities',
      'keeper',
      'config',
      'simulator',
      ...BELOW_WORKERS,
      ...BASICS,
    ],
    types: ['workflows/contract.ts'],
    packages: [/^commander$/, EXECA, ZOD, PROM_CLIENT],
  },
};

/** Words that say nothing about what is inside, wherever in a name they are. */
export const FORBIDDEN_WORDS = /^(utils?|helpers?|common|misc|shared)$/i;
/** `kebab-case.ts`, `kebab-case.test.ts`. */
export const FILE_NAME = /^[a-z0-9]+(-[a-z0-9]+)*(\.[a-z0-9]+)+$/;
