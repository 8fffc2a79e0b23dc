import { expect, test } from 'vitest';
import { parseRecorderId } from '../../src/domain/ids.js';
import { decideAtOnce, decideOwnership, type OwnershipVerdict } from '../../src/workers/ownership.js';
import type { WorkflowView } from '../../src/workers/workflow-view.js';

const me = parseRecorderId('me');
const other = parseRecorderId('other');
const keep: OwnershipVerdict = { kind: 'keep' };
const stopped: OwnershipVerdict = { kind: 'stop', cause: 'cancelled' };

const rows: readonly (readonly [string, WorkflowView, OwnershipVerdict])[] = [
  ['open, mine, recording', { kind: 'open', state: 'recording', recorder: me }, keep],
  ['open, mine, down', { kind: 'open', state: 'down', recorder: me }, keep],
  ['open, nobody has it', { kind: 'open', state: 'unassigned', recorder: null }, keep],
  ['open, another one is connecting', { kind: 'open', state: 'connecting', recorder: other }, keep],
  ['open, another one has it but it is down there', { kind: 'open', state: 'down', recorder: other }, keep],
  ['open, nothing shown yet', { kind: 'open', state: null, recorder: null }, keep],
  [
    'open, another one is recording',
    { kind: 'open', state: 'recording', recorder: other },
    { kind: 'stop', cause: 'moved' },
  ],
  ['open, paused', { kind: 'open', state: 'paused', recorder: me }, { kind: 'stop', cause: 'paused' }],
  ['open, paused elsewhere', { kind: 'open', state: 'paused', recorder: other }, { kind: 'stop', cause: 'paused' }],
  ['canceled', { kind: 'ended', how: 'canceled' }, stopped],
  ['completed', { kind: 'ended', how: 'completed' }, stopped],
  ['terminated', { kind: 'ended', how: 'terminated' }, stopped],
  ['failed', { kind: 'broken', how: 'failed' }, { kind: 'restart', why: 'its workflow failed' }],
  ['timed out', { kind: 'broken', how: 'timed-out' }, { kind: 'restart', why: 'its workflow timed out' }],
  ['unreachable', { kind: 'unreachable' }, keep],
  ['not found, same Temporal', { kind: 'not-found', isSameNamespace: true }, stopped],
  [
    'not found, Temporal was wiped',
    { kind: 'not-found', isSameNamespace: false },
    { kind: 'restart', why: 'temporal was wiped: it knows no workflow of this camera' },
  ],
];

test.each(rows)('an unattached recording whose workflow is %s', (_, view, verdict) => {
  expect(decideOwnership(view, me)).toEqual(verdict);
});

test.each(rows)(
  'as soon as it is found, one whose workflow is %s is stopped only if no re-attach would change that',
  (...row) => {
    const [, view, verdict] = row;
    const isSure = verdict.kind === 'stop' && view.kind !== 'not-found';
    expect(decideAtOnce(view, me)).toEqual(isSure ? verdict : keep);
  },
);
