import type { CameraId } from '../domain/ids.js';
import { createLocalTime } from '../domain/local-time.js';
import type { TimeRange } from '../domain/time-range.js';
import type { ExportedFile, ExportGap } from './export-footage.js';
import type { Original } from './original.js';

/** A moment as storage and as people have it. */
interface Moment {
  readonly utc: string;
  readonly local: string;
}

/** What a bundle says of itself, as `manifest.json`. */
export interface Manifest {
  readonly schema: 1;
  readonly program: string;
  readonly camera: CameraId;
  readonly reason: string | null;
  readonly madeAt: Moment;
  readonly timezone: string;
  readonly asked: { readonly from: Moment; readonly to: Moment };
  readonly gaps: readonly {
    readonly from: Moment;
    readonly to: Moment;
    readonly seconds: number;
    readonly cause: string;
  }[];
  readonly films: readonly ManifestFilm[];
  readonly originals: readonly ManifestOriginal[];
}

interface ManifestFilm {
  readonly file: string;
  readonly sizeBytes: number;
  readonly sha256: string;
  readonly frames: number;
  readonly from: Moment;
  readonly to: Moment;
}

interface ManifestOriginal {
  readonly file: string;
  readonly key: string;
  readonly sizeBytes: number;
  readonly sha256: string;
  readonly recordingSha256: string | null;
  /** Whether size, CRC-32 and the recording's SHA-256 are what the recorder said when it sealed; null: nothing was said. */
  readonly isAsSealed: boolean | null;
  readonly from: Moment | null;
  readonly to: Moment | null;
  /** The recorder's clock was set while it was recorded; its times were corrected. */
  readonly clockStepped: boolean | null;
  /** The store's clock less that of the machine that made the bundle. */
  readonly storeClockAheadSeconds: number;
}

/** Where each file lies in the bundle, and its hash. */
export interface ManifestInput {
  readonly program: string;
  readonly camera: CameraId;
  readonly reason: string | null;
  readonly nowMs: number;
  readonly timezone: string;
  readonly range: TimeRange;
  readonly gaps: readonly ExportGap[];
  readonly films: readonly (ExportedFile & { readonly file: string; readonly sha256Hex: string })[];
  readonly originals: readonly (Original & { readonly file: string })[];
}

/** Pure. */
export function manifestOf(input: ManifestInput): Manifest {
  const { day, clock, offset } = createLocalTime(input.timezone);
  const moment = (atMs: number): Moment => ({
    utc: new Date(atMs).toISOString(),
    local: `${day(atMs)} ${clock(atMs)} ${offset(atMs)}`,
  });
  const { program, camera, reason, timezone, range } = input;
  return {
    schema: 1,
    program,
    camera,
    reason,
    madeAt: moment(input.nowMs),
    timezone,
    asked: { from: moment(range.fromMs), to: moment(range.toMs) },
    gaps: input.gaps.map(({ fromMs, toMs, cause }) => {
      return { from: moment(fromMs), to: moment(toMs), seconds: (toMs - fromMs) / 1_000, cause };
    }),
    films: input.films.map(({ file, sizeBytes, sha256Hex, frames, shown }) => {
      return { file, sizeBytes, sha256: sha256Hex, frames, from: moment(shown.fromMs), to: moment(shown.toMs) };
    }),
    originals: input.originals.map(({ file, key, sizeBytes, sha256Hex, said, ...original }) => ({
      file,
      key,
      sizeBytes,
      sha256: sha256Hex,
      recordingSha256: original.recordingSha256Hex,
      isAsSealed: original.isAsSealed,
      from: said && moment(said.fromMs),
      to: said && moment(said.toMs),
      clockStepped: said && said.clockStepped,
      storeClockAheadSeconds: original.storeClockAheadMs / 1_000,
    })),
  };
}

const SEALED_WORDS = { true: 'yes', false: 'NO', null: 'not known: the bucket has no metadata of it' } as const;

/** The same for people, in one file that needs nothing else. Pure. */
export function manifestHtml(manifest: Manifest): string {
  const { camera, asked, gaps, films, originals } = manifest;
  const facts = [
    ['Camera', camera],
    ['From', `${asked.from.local} (${asked.from.utc})`],
    ['To', `${asked.to.local} (${asked.to.utc})`],
    ['Time zone', manifest.timezone],
    ['Reason', manifest.reason ?? 'none was given'],
    ['Made', `${manifest.madeAt.local} (${manifest.madeAt.utc}) by ${manifest.program}`],
  ];
  const body = [
    `<h1>Footage of ${escaped(camera)}</h1>`,
    table([], facts),
    '<h2>Films</h2>',
    table(
      ['File', 'From', 'To', 'Frames', 'SHA-256'],
      films.map(({ file, from, to, frames, sha256 }) => [file, from.local, to.local, String(frames), sha256]),
    ),
    '<h2>Time that is missing</h2>',
    gaps.length === 0
      ? '<p>None.</p>'
      : table(
          ['From', 'To', 'Seconds', 'Cause'],
          gaps.map(({ from, to, seconds, cause }) => [from.local, to.local, String(seconds), cause]),
        ),
    '<h2>Originals, untouched</h2>',
    table(
      ['File', 'From', 'To', 'As it was sealed', 'Clock was set', 'Store clock ahead, s', 'SHA-256'],
      originals.map((one) => [
        one.file,
        one.from?.local ?? 'not known',
        one.to?.local ?? 'not known',
        SEALED_WORDS[`${one.isAsSealed}`],
        one.clockStepped === null ? 'not known' : one.clockStepped ? 'yes' : 'no',
        one.storeClockAheadSeconds.toFixed(1),
        one.sha256,
      ]),
    ),
    '<p>To check every file: <code>sha256sum -c SHA256SUMS</code> in this folder.</p>',
  ];
  const style =
    'body{font:15px/1.5 system-ui,sans-serif;margin:2rem;color:#222}table{border-collapse:collapse;margin:.5rem 0}' +
    'td,th{border:1px solid #ccc;padding:.3rem .6rem;text-align:left;vertical-align:top}td{overflow-wrap:anywhere}th{background:#f3f3f3}';
  return `<!doctype html><html lang="en"><meta charset="utf-8"><title>Footage of ${escaped(camera)}</title><style>${style}</style>\n${body.join('\n')}\n</html>\n`;
}

function table(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const row = (cells: readonly string[], tag: string): string =>
    `<tr>${cells.map((cell) => `<${tag}>${escaped(cell)}</${tag}>`).join('')}</tr>`;
  return `<table>${[...(head.length === 0 ? [] : [row(head, 'th')]), ...rows.map((cells) => row(cells, 'td'))].join('\n')}</table>`;
}

function escaped(text: string): string {
  return text.replace(/[&<>"]/g, (character) => `&#${character.charCodeAt(0)};`);
}
