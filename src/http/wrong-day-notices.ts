import type { WorkerStatus } from '../workers/worker-status.js';

/** One sentence a camera whose records disagree with the bucket: somebody else deleted, changed or added objects. Pure. */
export function wrongDayNotices(wrongDays: WorkerStatus['wrongDays']): readonly string[] {
  return [...wrongDays].flatMap(([camera, days]) => {
    const [first] = [...days].sort(([one], [other]) => (one < other ? -1 : 1));
    if (first === undefined) return [];
    const [day, why] = first;
    const more = days.size === 1 ? '' : `, and ${days.size - 1} more`;
    const command = `camera-recorder coverage ${camera} ${day} --utc --check`;
    return [`${camera}: the record of ${day} does not agree with the bucket (${why})${more}. See: ${command}`];
  });
}
