/** Temporal is away for as long as it takes, in real time: nothing is lost, and every segment is stored once (INV-3, INV-4). */
import { setTimeout as delay } from 'node:timers/promises';
import { expect, it, onTestFinished } from 'vitest';
import type { SegmentId } from '../../src/domain/ids.js';
import { auditSystem, type SystemAudit } from '../support/audit/system-audit.js';
import type { Begun } from '../support/faults/fault.js';
import { type FaultBench, startBench, victimAt } from '../support/faults/fault-bench.js';
import { type Relay, startRelay } from '../support/faults/relay.js';
import { serverFaults } from '../support/faults/server-faults.js';
import { report } from '../support/outage.js';
import { attachedAfter } from '../support/record-attempt.js';
import type { RecorderSystem } from '../support/recorder-system.js';
import { waitFor } from '../support/wait-for.js';

const SEGMENT_SEC = 15;
const CAMERAS = 3;
const PASSWORD = 'Zq7CameraCore';
const RECORDING_MS = 60_000;
/** One attempt may have begun its heartbeat timeout right before Temporal went away; then comes the next one. */
const ATTACHED_MS = 120_000;
/** All that waited, and then a segment of after the outage. */
const STORED_MS = 180_000;
/** After a cut what it sealed is on its way for a moment: no outage begins then. */
const QUIET_AFTER_MS = 5_000;
const SHOWS_MS = 2_000;

/** A system with its own servers, whose way to Temporal can be cut. */
interface OutageBench {
  readonly system: RecorderSystem;
  readonly audit: SystemAudit;
  readonly relay: Relay;
  readonly faults: Readonly<Record<'killed' | 'frozen' | 'out of reach', () => Promise<Begun>>>;
}

it.each([
  ['killed', 30],
  ['frozen', 30],
  ['out of reach', 30],
  ['killed', 90],
  ['frozen', 90],
  ['out of reach', 90],
  ['killed', 600],
] as const)('Temporal is %s for %i s, and no frame is lost', async (how, awaySec) => {
  const { system, audit, faults } = await startOutageBench({ isBehindRelay: how === 'out of reach' });
  await system.recording(RECORDING_MS);
  await Promise.all(system.ids.map(async (id) => await system.storedUntil(id, 1)));
  await audit.noteDescriptors();
  const isQuiet = (): boolean => Date.now() % (SEGMENT_SEC * 1_000) > QUIET_AFTER_MS;
  await waitFor(isQuiet, { what: 'the time between two cuts', deadlineMs: SEGMENT_SEC * 1_000 });
  const { shows, heal } = await faults[how]();
  await waitFor(shows, { what: 'the outage to show', deadlineMs: SHOWS_MS });
  await goesOnUnharmed({ system, audit, what: `was ${how} for ${awaySec} s`, awaySec, heal });
});

it('the recorder starts 90 s before Temporal can be reached, and no frame is lost', async () => {
  const { system, audit, relay } = await startOutageBench({ isBehindRelay: true, isCutAtFirst: true });
  await system.recording(RECORDING_MS);
  const what = 'was out of reach since before the start';
  await goesOnUnharmed({ system, audit, what, awaySec: 90, heal: relay.restore });
});

/** From a time at which Temporal is away until it has been back for a while. */
async function goesOnUnharmed(outage: {
  readonly system: RecorderSystem;
  readonly audit: SystemAudit;
  /** For the figures. */
  readonly what: string;
  readonly awaySec: number;
  readonly heal: () => Promise<void>;
}): Promise<void> {
  const { system, audit, what, awaySec } = outage;
  const ffmpegs = system.recorder.ffmpegPids();
  const waiting = await sealedInOutage(system, audit, awaySec);
  // Some are attached before a start is found to be over.
  const backAtMs = Date.now();
  await outage.heal();
  await attachedAfter(system.temporal, system.ids, backAtMs, ATTACHED_MS);
  report(`Temporal is back, ${what} → all attached`, Date.now() - backAtMs);
  const areStored = (): boolean => waiting.every((id) => audit.spool.receipts.has(id));
  await waitFor(areStored, { what: 'what waited to be stored', deadlineMs: STORED_MS });
  report(`Temporal is back, ${what} → ${waiting.length} segments that waited are stored`, Date.now() - backAtMs);
  await Promise.all(system.ids.map(async (id) => await system.storedAfter(id, backAtMs, STORED_MS)));
  await attachedAfter(system.temporal, system.ids, Date.now(), ATTACHED_MS);
  expect(system.recorder.ffmpegPids()).toEqual(ffmpegs);
  const { complaints, verdicts } = await audit.finish();
  expect(complaints).toEqual([]);
  for (const { audit: counted, gapSec } of verdicts) {
    expect({ lost: counted.produced - counted.stored, gapSec }).toEqual({ lost: 0, gapSec: 0 });
  }
}

/** Resolves at the end of an outage to the segments that wait for it. */
async function sealedInOutage(
  system: RecorderSystem,
  { spool }: SystemAudit,
  awaySec: number,
): Promise<readonly SegmentId[]> {
  const before = new Set(spool.sealed);
  await delay(awaySec * 1_000);
  expect(await system.recorder.page('/metrics')).toMatch(/^recorder_temporal_connected 0$/m);
  const waiting = [...spool.sealed].filter((id) => !before.has(id));
  // The last one may not be sealed yet.
  expect(waiting.length).toBeGreaterThanOrEqual(CAMERAS * (awaySec / SEGMENT_SEC - 1));
  expect(waiting.filter((id) => spool.receipts.has(id))).toEqual([]);
  return waiting;
}

async function startOutageBench(way: {
  readonly isBehindRelay: boolean;
  readonly isCutAtFirst?: boolean;
}): Promise<OutageBench> {
  const port = (): number => bench.servers?.temporal.now.ports.grpc ?? 0;
  const relay = await startRelay({ register: onTestFinished, port });
  if (way.isCutAtFirst === true) await relay.cut();
  const bench = await startBench({
    register: onTestFinished,
    cameras: Array.from({ length: CAMERAS }, () => ({ user: 'admin', password: PASSWORD })),
    segmentSec: SEGMENT_SEC,
    hasOwnServers: true,
    env: way.isBehindRelay ? { TEMPORAL_ADDRESS: relay.address } : {},
  });
  const { system } = bench;
  const audit = auditSystem(system, { register: onTestFinished, secrets: [PASSWORD] });
  return { system, audit, relay, faults: faultsOf(bench, relay) };
}

function faultsOf(bench: FaultBench, relay: Relay): OutageBench['faults'] {
  return {
    killed: async () => await serverFaults['Temporal killed'].inject(victimAt(bench, 0)),
    frozen: async () => await serverFaults['Temporal stopped'].inject(victimAt(bench, 0)),
    'out of reach': async () => {
      expect(relay.connections()).toBeGreaterThan(0);
      await relay.cut();
      return { shows: () => relay.connections() === 0, heal: relay.restore };
    },
  };
}
