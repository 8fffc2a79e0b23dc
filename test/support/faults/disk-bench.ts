import { afterFile } from '../after-file.js';
import { auditSystem, type SystemAudit } from '../audit/system-audit.js';
import { type FaultBench, startBench } from './fault-bench.js';
import { mountDisk, type OwnDisk } from './own-disk.js';

export interface DiskBench {
  readonly disk: OwnDisk;
  readonly bench: FaultBench;
  readonly audit: SystemAudit;
}

/** Two cameras, recorded onto a small disk of their own until the file ends; each has a segment in the store. @throws as `mountDisk` */
export async function startDiskBench(segmentSec: number): Promise<DiskBench> {
  const disk = mountDisk(afterFile);
  const bench = await startBench({
    register: afterFile,
    cameras: [{ audio: false }, { audio: false }],
    segmentSec,
    spoolDir: disk.dir,
    env: { MIN_FREE_BYTES: '16MiB' },
  });
  const audit = auditSystem(bench.system, { register: afterFile });
  await bench.system.recording();
  await Promise.all(bench.system.ids.map(async (id) => await bench.system.storedUntil(id, 1)));
  return { disk, bench, audit };
}
