import { gapCauseTexts } from '../domain/gap-causes.js';
import { createLocalTime } from '../domain/local-time.js';
import type { TimeRange } from '../domain/time-range.js';
import { CAUSE_LETTERS, type Mark, type Picture, pictureOf } from './coverage-picture.js';
import type { CoverageReport, CoverageRow } from './coverage-report.js';

interface CoverageTextOptions {
  /** An IANA name. */
  readonly timezone: string;
  /** What was asked for; may reach beyond now. */
  readonly asked: TimeRange;
  /** Where it was read, as sentences' beginnings: `bucket … at …`. */
  readonly sources: readonly string[];
  readonly hasColour: boolean;
}

/** Head, picture, legend, table, totals: for a terminal. Pure. */
export function coverageText(report: CoverageReport, options: CoverageTextOptions): string {
  const stamp = stampOf(options);
  const picture = pictureOf(options.asked, report.rows);
  const lines = [
    headOf(report, options),
    `read from ${options.sources.join(', and from ')}`,
    '',
    ...picture.lines.map((line) => `${stamp.short(line.fromMs)} ${line.marks.map(painter(options)).join('')}`),
    '',
    legendOf(picture, options),
    '',
    ...tableOf(report, stamp.long),
    '',
    totalsOf(report),
    '',
  ];
  return lines.map((line) => line.trimEnd()).join('\n');
}

/** `23:59:41 recorded, 19 s missing: camera-stalled 12 s, moved 7 s; 0 s unexplained.` */
export function totalsOf({ totals, pendingMs }: CoverageReport): string {
  const { footageMs, gapMs, unexplainedMs, byCause } = totals;
  const causes = byCause.map(({ cause, ms }) => `${cause} ${lengthWords(ms)}`);
  const missing = `${lengthWords(gapMs)} missing${causes.length === 0 ? '' : `: ${causes.join(', ')}`}`;
  const pending = pendingMs === 0 ? '' : ` Another ${lengthWords(pendingMs)} is too young to tell.`;
  return `${lengthWords(footageMs)} recorded, ${missing}; ${lengthWords(unexplainedMs)} unexplained.${pending}`;
}

/** `0 s`, `12.4 s`, `00:03:20`, `47:59:41`. What is less than a tenth of a second is not nothing. */
export function lengthWords(lengthMs: number): string {
  if (lengthMs < 60_000) return `${Math.ceil(lengthMs / 100) / 10} s`;
  const seconds = Math.round(lengthMs / 1_000);
  const parts = [Math.floor(seconds / 3_600), Math.floor(seconds / 60) % 60, seconds % 60];
  return parts.map((part) => String(part).padStart(2, '0')).join(':');
}

interface Stamp {
  /** At the left of the picture. */
  readonly short: (atMs: number) => string;
  /** In the table. */
  readonly long: (atMs: number) => string;
}

/** The day only where there are more than one, the offset only where it changes. */
function stampOf({ timezone, asked }: CoverageTextOptions): Stamp {
  const local = createLocalTime(timezone);
  const isOneDay = local.day(asked.fromMs) === local.day(asked.toMs - 1);
  const isOneOffset = local.offset(asked.fromMs) === local.offset(asked.toMs - 1);
  const day = (atMs: number): string => (isOneDay ? '' : `${local.day(atMs)} `);
  const offset = (atMs: number): string => (isOneOffset ? '' : ` ${local.offset(atMs)}`);
  return {
    short: (atMs) => `${day(atMs)}${local.clock(atMs).slice(0, 5)}`,
    long: (atMs) => `${day(atMs)}${local.clock(atMs)}${offset(atMs)}`,
  };
}

function headOf({ camera }: CoverageReport, { timezone, asked }: CoverageTextOptions): string {
  const local = createLocalTime(timezone);
  const offsets = [...new Set([asked.fromMs, asked.toMs - 1].map((atMs) => local.offset(atMs)))];
  const [first, last] = [asked.fromMs, asked.toMs - 1].map((atMs) => local.day(atMs));
  const days = first === last ? first : `${first} to ${last}`;
  return `${camera}, ${days}, ${timezone} (${offsets.join(', then ')})`;
}

function tableOf(report: CoverageReport, stamp: (atMs: number) => string): readonly string[] {
  const cells = report.rows.map((row) => [
    stamp(row.fromMs),
    stamp(row.toMs),
    lengthWords(row.toMs - row.fromMs),
    rowWords(row),
  ]);
  const all = [['from', 'to', 'length', 'what'], ...cells];
  const widths = [0, 1, 2].map((column) => Math.max(...all.map((line) => line[column]?.length ?? 0)));
  return all.map(([from = '', to = '', length = '', what = '']) =>
    [from.padEnd(widths[0] ?? 0), to.padEnd(widths[1] ?? 0), length.padStart(widths[2] ?? 0), what].join('  '),
  );
}

function rowWords(row: CoverageRow): string {
  switch (row.kind) {
    case 'footage': {
      const segments = row.segments === 1 ? '1 segment' : `${row.segments} segments`;
      return `recorded, ${segments}${row.onlyInSpool === 0 ? '' : `, ${row.onlyInSpool} of them not uploaded yet`}`;
    }
    case 'gap':
      return `${row.cause}: ${gapCauseTexts[row.cause].what}`;
    case 'unexplained':
      return 'UNEXPLAINED: neither footage nor a reason';
    case 'pending':
      return 'not known yet: younger than two segments';
    case 'before':
      return 'nothing known of this camera';
    default:
      return row satisfies never;
  }
}

const SIGNS = { footage: '▇', unexplained: '?', pending: '·', blank: ' ' } as const;
const COLOURS = { footage: 32, gap: 33, unexplained: 31, pending: 90, blank: 39 } as const;

function painter({ hasColour }: CoverageTextOptions): (mark: Mark) => string {
  return (mark) => {
    const sign = signOf(mark);
    return hasColour ? `\u001b[${COLOURS[mark.kind]}m${sign}\u001b[39m` : sign;
  };
}

function signOf(mark: Mark): string {
  return mark.kind === 'gap' ? CAUSE_LETTERS[mark.cause] : SIGNS[mark.kind];
}

/** Only what is in the picture. */
function legendOf(picture: Picture, options: CoverageTextOptions): string {
  const marks = picture.lines.flatMap((line) => line.marks).filter(({ kind }) => kind !== 'blank');
  const bySign = new Map(marks.map((mark) => [signOf(mark), mark]));
  const words = [...bySign.values()].map((mark) => `${painter(options)(mark)} ${markWords(mark)}`);
  const markSec = picture.markMs / 1_000;
  return [...words, `one mark is ${markSec < 60 ? `${markSec} s` : `${markSec / 60} min`}`].join('   ');
}

function markWords(mark: Mark): string {
  if (mark.kind === 'gap') return mark.cause;
  return mark.kind === 'footage' ? 'recorded' : mark.kind === 'pending' ? 'not known yet' : mark.kind;
}
