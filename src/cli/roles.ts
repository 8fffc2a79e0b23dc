/** What one process does: record and serve workflows, or one of the two. */
export const ROLES = ['all', 'workflows', 'recorder'] as const;
/** `--role`, default `all`. */
export type Role = (typeof ROLES)[number];
