import type { DamagedObject } from '../workers/worker-status.js';

/** An alarm for each object of the store that is not what was stored, in sentences; none when all is well. Pure. */
export function damageNotices(damaged: readonly DamagedObject[]): readonly string[] {
  return damaged.map(({ key, why, remedy }) => `${key} in the store is damaged: ${why}. ${REMEDIES[remedy]}`);
}

const REMEDIES: Readonly<Record<DamagedObject['remedy'], string>> = {
  'sent again': 'Its recording was still here and is sent again under another key. Check the disks of the store.',
  'stored again': 'The same footage is whole under its other key. Check the disks of the store.',
  lost: 'Its recording is no longer here. Check the disks of the store, and whether it has a copy.',
};
