import { byteWords } from '../domain/local-time.js';
import type { DataBudget } from '../embedded/data-budget.js';

/** What the page and `start` say once a trial has recorded all it may; null before. */
export function limitNotice(
  budget: Pick<DataBudget, 'isUsedUp' | 'dir' | 'limitBytes' | 'usedBytes'> | null,
): string | null {
  if (budget === null || !budget.isUsedUp) return null;
  return (
    `Recording has stopped: ${budget.dir} holds ${byteWords(budget.usedBytes)} of ${byteWords(budget.limitBytes)}, the limit for trying it out. ` +
    'Everything recorded is kept, and can still be looked at. To record again: stop it, remove that folder, and start it; ' +
    'or record into a store of yours (S3_ENDPOINT).'
  );
}
