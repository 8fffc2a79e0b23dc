import { byteWords } from '../domain/local-time.js';
import type { Supervision, WorkerMemory } from '../domain/supervision.js';

/** One or two are bad luck, and the metric has them. */
const WORTH_A_NOTICE = 3;

/** What a person should know of the worker itself, in sentences; none when all is well. Pure. */
export function supervisionNotices(supervision: Supervision | null): readonly string[] {
  if (supervision === null) return [];
  const { memory, recentFailures } = supervision;
  return [
    ...(memory?.isTooLow === true ? [memoryWords(memory)] : []),
    ...(recentFailures >= WORTH_A_NOTICE ? [failureWords(recentFailures)] : []),
  ];
}

function memoryWords({ usedBytes, allowedBytes, limitBytes }: WorkerMemory): string {
  return (
    `The memory limit of ${byteWords(limitBytes)} is too low: the worker uses ${byteWords(usedBytes)}, ` +
    `and beside the recordings there is room for ${byteWords(allowedBytes)}. A new worker needed as much. ` +
    'Recording goes on; raise the limit of the container or service (or MEMORY_LIMIT_BYTES), or record fewer cameras here.'
  );
}

function failureWords(failures: number): string {
  return `The worker hung or crashed ${failures} times within an hour and was started again. Recording went on; the log says why.`;
}
