import { byteWords, durationWords } from '../domain/local-time.js';
import type { RetentionPolicy } from '../domain/retention.js';
import type { CameraRetention, RetentionReport } from './contract.js';

/** More would be a wall of text; the result has them all. */
const MOST_ROWS = 50;

/** For the Web UI, in Markdown. `current`: the camera whose turn it is; null when the run is over. */
export function retentionDetails({ mode, why, cameras, failed }: RetentionReport, current: string | null): string {
  const would = mode === 'report';
  const rows = cameras.slice(0, MOST_ROWS).map(rowOf);
  return [
    would ? '**Only reports: nothing is deleted.**' : '**Deletes what the policies do not keep.**',
    ...(why === null ? [] : [why]),
    ...(current === null ? [] : [`Now: \`${current}\`, ${cameras.length + failed.length} done.`]),
    '',
    `| camera | keeps | ${would ? 'would delete' : 'deleted'} | held | under a day old | left |`,
    '| --- | --- | --- | --- | --- | --- |',
    ...rows,
    ...(cameras.length > MOST_ROWS ? [`… and ${cameras.length - MOST_ROWS} more in the result.`] : []),
    '',
    ...cameras.flatMap(({ camera, problems }) => problems.map((problem) => `- \`${camera}\`: ${problem}`)),
    ...failed.map((one) => `- \`${one.camera}\`: **failed.** ${one.why}`),
  ].join('\n');
}

/** `4 d, 90.0 GB`; `all` */
export function policyWords({ maxAgeMs, maxBytes }: RetentionPolicy): string {
  const limits = [
    ...(maxAgeMs === null ? [] : [durationWords(maxAgeMs)]),
    ...(maxBytes === null ? [] : [byteWords(maxBytes)]),
  ];
  return limits.length === 0 ? 'all' : limits.join(', ');
}

function rowOf(one: CameraRetention): string {
  const cells = [
    `\`${one.camera}\``,
    policyWords(one.policy),
    `${one.expiredObjects} objects, ${byteWords(one.expiredBytes)}`,
    String(one.heldObjects),
    String(one.youngObjects),
    `${one.storedObjects} objects, ${byteWords(one.storedBytes)}`,
  ];
  return `| ${cells.join(' | ')} |`;
}
