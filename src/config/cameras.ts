import type { CameraSpec } from '../domain/camera.js';
import type { CameraId } from '../domain/ids.js';
import type { RetentionPolicy } from '../domain/retention.js';
import type { CameraConfig } from './config.js';
import { isScalar, unknownKeyProblem } from './config-file.js';
import { cameraNumberOf, variableOfSecret } from './setting-names.js';
import type { SettingsReader, Variables } from './settings-reader.js';
import {
  cameraId,
  isUnclearRtspUrl,
  oneOf,
  openRtspUrl,
  retentionBytes,
  retentionDays,
  rtspUrl,
  secondsAsMs,
  secretName,
  segmentSeconds,
  text,
  type ValueType,
  yesOrNo,
} from './value-types.js';

type SpecDefaults = Omit<CameraSpec, 'source'>;

const CAMERA_KEYS = [
  'id',
  'name',
  'site',
  'tags',
  'secret',
  'url',
  'segment_seconds',
  'audio',
  'stall_timeout_seconds',
  'socket_timeout_seconds',
  'tls_verify',
  'retention_days',
  'retention_bytes',
];

const UNMISTAKABLE =
  'user and password percent-encoded ("@" as %40, "/" as %2F, "?" as %3F, "#" as %23), and any "@" of the path as %40';

/** Numbers of the cameras whose URL is in the environment, ascending; every such URL has been checked. */
export function readCameraVariables(env: Variables, reader: SettingsReader): readonly number[] {
  const numbers = Object.keys(env)
    .filter((name) => (env[name] ?? '') !== '')
    .map((name) => cameraNumberOf(name.replace(/_FILE$/, '')))
    .filter((number) => number !== undefined);
  const unique = [...new Set(numbers)].sort((a, b) => a - b);
  for (const number of unique) {
    const name = `CAMERA${number}_RTSP_URL` as const;
    const url = reader.secret(name);
    if (url === undefined || rtspUrl.parse(url) !== undefined) continue;
    if (isUnclearRtspUrl(url)) reader.note(name, 'can be read in several ways.', UNMISTAKABLE);
    else reader.note(name, 'is not an RTSP URL.', rtspUrl.allowed);
  }
  return unique;
}

/** Cameras of the environment first, by number, with what the file says about them; then those only the file knows. */
export function readCameras(options: {
  readonly reader: SettingsReader;
  readonly numbers: readonly number[];
  readonly tables: readonly Readonly<Record<string, unknown>>[];
  readonly defaults: SpecDefaults;
  readonly retention: RetentionPolicy;
  readonly hasSecretsDir: boolean;
}): readonly CameraConfig[] {
  const { reader, numbers, defaults, retention } = options;
  const seen = new Set<CameraId>();
  const fromFile = new Map<CameraId, CameraConfig>();
  options.tables.forEach((table, index) => {
    const { id, camera } = cameraOf(new CameraTable(reader, table, index), { defaults, retention });
    if (id !== undefined && seen.has(id)) {
      reader.note(`cameras[${index}].id`, `"${id}" is given twice.`, 'an id of its own');
      return;
    }
    if (id !== undefined) seen.add(id);
    if (camera !== undefined) fromFile.set(camera.id, camera);
  });
  const fromEnv = numbers.flatMap((number) => {
    const id = cameraId.parse(`camera-${number}`);
    return id === undefined ? [] : [withOwnVariable(fromFile.get(id) ?? plainCamera(id, defaults))];
  });
  const own = new Set(fromEnv.map(({ id }) => id));
  const onlyInFile = [...fromFile.values()].filter(({ id }) => !own.has(id));
  if (!options.hasSecretsDir) for (const camera of onlyInFile) requireVariable(camera, numbers, reader);
  return [...fromEnv, ...onlyInFile];
}

/** Environment over file: its variable says where the camera is, whatever the file does. */
function withOwnVariable(camera: CameraConfig): CameraConfig {
  return { ...camera, spec: { ...camera.spec, source: { kind: 'secret', name: camera.id } } };
}

function plainCamera(id: CameraId, defaults: SpecDefaults): CameraConfig {
  return {
    id,
    name: id,
    site: null,
    tags: [],
    spec: { source: { kind: 'secret', name: id }, ...defaults },
    retention: null,
  };
}

function requireVariable(camera: CameraConfig, numbers: readonly number[], reader: SettingsReader): void {
  const { source } = camera.spec;
  if (source.kind === 'url') return;
  const variable = variableOfSecret(source.name);
  if (numbers.some((number) => variable === `CAMERA${number}_RTSP_URL`)) return;
  const allowed = `${variable === undefined ? '' : `${variable}, or `}CAMERA_SECRETS_DIR with a file "${source.name}"`;
  reader.note(`cameras "${camera.id}"`, `there is no URL for its secret "${source.name}".`, allowed);
}

/** `camera` is missing where its mistakes have been noted. */
function cameraOf(
  table: CameraTable,
  usual: { readonly defaults: SpecDefaults; readonly retention: RetentionPolicy },
): { readonly id: CameraId | undefined; readonly camera?: CameraConfig } {
  const { defaults } = usual;
  table.refuseUnknownKeys();
  const id = table.required('id', cameraId);
  const name = table.value('name', text, id ?? '');
  const site = table.value('site', text, null);
  const tags = table.tags();
  const secret = table.value('secret', secretName, null);
  const url = table.value('url', openRtspUrl, null);
  if (secret !== null && url !== null) table.note('url', 'is given beside secret.', 'one of the two');
  const spec: SpecDefaults = {
    segmentDurationSec: table.value('segment_seconds', segmentSeconds, defaults.segmentDurationSec),
    audio: table.value('audio', oneOf(['aac', 'off']), defaults.audio),
    stallTimeoutMs: table.value('stall_timeout_seconds', secondsAsMs(1, 120), defaults.stallTimeoutMs),
    socketTimeoutMs: table.value('socket_timeout_seconds', secondsAsMs(0.5, 60), defaults.socketTimeoutMs),
    tlsVerify: table.value('tls_verify', yesOrNo, defaults.tlsVerify),
  };
  const retention = retentionOf(table, usual.retention);
  // A bad URL has been noted; without it there would be a second mistake, of a missing secret.
  if (id === undefined || (url === null && table.has('url'))) return { id };
  const source =
    url === null ? ({ kind: 'secret', name: secret ?? id } as const) : ({ kind: 'url', rtspUrl: url } as const);
  return { id, camera: { id, name, site, tags, spec: { source, ...spec }, retention } };
}

/** Null where the table says nothing of it. */
function retentionOf(table: CameraTable, usual: RetentionPolicy): RetentionPolicy | null {
  if (!table.has('retention_days') && !table.has('retention_bytes')) return null;
  const days = table.value('retention_days', retentionDays, usual.maxAgeMs);
  const bytes = table.value('retention_bytes', retentionBytes, usual.maxBytes);
  return { maxAgeMs: days === 'forever' ? null : days, maxBytes: bytes === 'unlimited' ? null : bytes };
}

/** One `[[cameras]]` table; mistakes are named `cameras[2].audio`, counted from 0 as in the file. */
class CameraTable {
  readonly #reader: SettingsReader;
  readonly #table: Readonly<Record<string, unknown>>;
  readonly #index: number;

  constructor(reader: SettingsReader, table: Readonly<Record<string, unknown>>, index: number) {
    this.#reader = reader;
    this.#table = table;
    this.#index = index;
  }

  note(key: string, problem: string, allowed: string | null): void {
    this.#reader.note(this.#nameOf(key), problem, allowed);
  }

  refuseUnknownKeys(): void {
    for (const key of Object.keys(this.#table)) {
      if (!CAMERA_KEYS.includes(key)) this.note(key, unknownKeyProblem(key, CAMERA_KEYS), null);
    }
  }

  has(key: string): boolean {
    return this.#table[key] !== undefined;
  }

  required<T>(key: string, type: ValueType<T>): T | undefined {
    if (this.#table[key] === undefined) this.note(key, 'is missing.', type.allowed);
    return this.value(key, type, undefined);
  }

  value<T, D>(key: string, type: ValueType<T>, fallback: D): T | D {
    const given = this.#table[key];
    if (given === undefined) return fallback;
    if (isScalar(given)) return this.#reader.parse(this.#nameOf(key), String(given), type) ?? fallback;
    this.note(key, 'is a table or a list.', type.allowed);
    return fallback;
  }

  tags(): readonly string[] {
    const given = this.#table['tags'] ?? [];
    if (Array.isArray(given) && given.every((tag) => typeof tag === 'string')) return given;
    this.note('tags', 'is not a list of texts.', 'a list like ["outside", "street"]');
    return [];
  }

  #nameOf(key: string): string {
    return `cameras[${this.#index}].${key}`;
  }
}
