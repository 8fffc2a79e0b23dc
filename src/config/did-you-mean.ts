import {
  cameraNumberOf,
  PLAIN_SETTINGS,
  PROGRAM_VARIABLES,
  SECRET_SETTINGS,
  TEMPORAL_VARIABLES,
} from './setting-names.js';

const KNOWN_VARIABLES: readonly string[] = [
  ...PLAIN_SETTINGS,
  ...PROGRAM_VARIABLES,
  ...TEMPORAL_VARIABLES,
  ...SECRET_SETTINGS.flatMap((name) => [name, `${name}_FILE`]),
];
const CAMERA_PATTERNS = ['CAMERA#_RTSP_URL', 'CAMERA#_RTSP_URL_FILE', 'CAMERA#_URL'] as const;
/** Other programs have variables so short and common that likeness to these proves nothing (`LOGLEVEL`, `TMPDIR`). */
const COMMON_NAMES: readonly string[] = ['LOG_LEVEL', 'TEMP_DIR'];
/** What other programs call the same thing: too many letters off to be found by likeness. */
const NAMES_ELSEWHERE: Readonly<Record<string, string>> = {
  S3_ACCESS_KEY: 'S3_ACCESS_KEY_ID',
  S3_SECRET_KEY: 'S3_SECRET_ACCESS_KEY',
  S3_URL: 'S3_ENDPOINT',
  S3_BUCKET_NAME: 'S3_BUCKET',
};
/** `CAMERA_RTSP_URL`, `CAM1_RTSP`, `CAMERA_URL_2`, `RTSP_URL`, each with or without `_FILE`. */
const CAMERA_NAME =
  /^(?:CAM(?:ERA)?S?_?(?<front>\d*)_?(?:RTSP|(?:RTSP_?)?UR[LI])|RTSP_?UR[LI])_?(?<end>\d*)(?<file>_FILE)?$/;

/**
 * The variable of ours that somebody probably meant and has not given, or undefined: of a name that is ours already or not like any
 * of ours. Names without our prefix count only where nothing else can be meant: `BUCKET` beside a store of one's own.
 */
export function meantVariable(name: string, isGiven: (name: string) => boolean): string | undefined {
  if (isOurs(name)) return undefined;
  const certain = misspeltVariable(name);
  if (certain !== undefined) return certain;
  const upper = name.toUpperCase();
  const meant =
    looseCamera(upper) ?? withWordsLeftOut(upper) ?? (isGiven('S3_ENDPOINT') ? BUCKET_NAMES[upper] : undefined);
  return meant === undefined || isGiven(meant) || isGiven(`${meant}_FILE`) ? undefined : meant;
}

const BUCKET_NAMES: Readonly<Record<string, string>> = { BUCKET: 'S3_BUCKET', BUCKET_NAME: 'S3_BUCKET' };

function isOurs(name: string): boolean {
  return KNOWN_VARIABLES.includes(name) || cameraNumberOf(name.replace(/_FILE$/, '')) !== undefined;
}

/**
 * The variable of ours that a name is a misspelling of, or undefined when it is ours already or not like any of ours.
 * Names that only share a beginning (`CAMERA_RECORDER_SERVICE_HOST`, which Kubernetes sets) are left alone.
 */
export function misspeltVariable(name: string): string | undefined {
  if (isOurs(name)) return undefined;
  const upper = name.toUpperCase();
  return (
    NAMES_ELSEWHERE[upper] ??
    misspeltCamera(upper) ??
    nearest(
      upper,
      KNOWN_VARIABLES.filter((known) => !COMMON_NAMES.includes(known)),
    )
  );
}

/** The one of `known` that is most like `name`, if it is like any: at most two letters off, or only other underscores. */
export function nearest(name: string, known: readonly string[]): string | undefined {
  const near = known
    .map((candidate) => ({ candidate, distance: distanceBetween(name, candidate) }))
    .filter(({ candidate, distance }) => distance <= Math.min(2, Math.floor(candidate.length / 4)))
    .sort((a, b) => a.distance - b.distance);
  return near[0]?.candidate;
}

function misspeltCamera(name: string): string | undefined {
  const digits = /\d+/.exec(name)?.[0];
  if (digits === undefined || !name.startsWith('CA')) return undefined;
  const shape = name.replace(/_?\d+/, '#');
  const pattern = nearest(shape, CAMERA_PATTERNS);
  if (pattern === undefined) return undefined;
  const ending = shape.endsWith('_FILE') ? '_FILE' : '';
  return `CAMERA${Math.max(1, Number(digits))}_RTSP_URL${ending}`;
}

function looseCamera(name: string): string | undefined {
  const { front, end, file = '' } = CAMERA_NAME.exec(name)?.groups ?? {};
  return end === undefined ? undefined : `CAMERA${Math.max(1, Number(front || end))}_RTSP_URL${file}`;
}

/** `MAX_UPLOADS` for `MAX_CONCURRENT_UPLOADS`. Temporal has many variables of its own, for other programs than this one. */
function withWordsLeftOut(name: string): string | undefined {
  const [first = '', ...rest] = name.split('_');
  if (rest.length === 0 || first === 'TEMPORAL') return undefined;
  const shape = new RegExp(`^${[first, ...rest].map((word) => word.replace(/\W/g, '')).join('_(?:[A-Z0-9]+_)*')}$`);
  return PLAIN_SETTINGS.find((known) => shape.test(known));
}

/** Letters to add, drop, change, or swap with their neighbour. */
function distanceBetween(from: string, to: string): number {
  let beforeLast: number[] = [];
  let last = Array.from({ length: to.length + 1 }, (_, column) => column);
  for (let row = 1; row <= from.length; row += 1) {
    const current = [row];
    for (let column = 1; column <= to.length; column += 1) {
      const isSame = from[row - 1] === to[column - 1];
      const isSwap = row > 1 && column > 1 && from[row - 1] === to[column - 2] && from[row - 2] === to[column - 1];
      current[column] = Math.min(
        at(last, column) + 1,
        at(current, column - 1) + 1,
        at(last, column - 1) + (isSame ? 0 : 1),
        isSwap ? at(beforeLast, column - 2) + 1 : Number.POSITIVE_INFINITY,
      );
    }
    beforeLast = last;
    last = current;
  }
  return at(last, to.length);
}

function at(row: readonly number[], column: number): number {
  return row[column] ?? Number.POSITIVE_INFINITY;
}
