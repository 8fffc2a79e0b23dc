import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { type CameraSpec, DEFAULT_SPEC } from '../../src/domain/camera.js';
import { parseSessionId } from '../../src/domain/ids.js';
import type { SessionOutcome } from '../../src/recorder/outcome.js';
import { NO_ATTEMPTS } from '../../src/recorder/restart-policy.js';
import type {
  Progress,
  Session,
  SupervisorCommand,
  SupervisorEvent,
  SupervisorState,
} from '../../src/recorder/supervisor-state.js';
import { step } from '../../src/recorder/supervisor-step.js';
import { redact } from '../../src/redact.js';

const NOW = 100_000;
const context = { nowMs: NOW, random: 1, timeScale: 1 };
const spec: CameraSpec = { ...DEFAULT_SPEC, source: { kind: 'secret', name: 'camera-1' } };
const other: CameraSpec = { ...spec, audio: 'off' };
const session: Session = {
  id: parseSessionId('20260102T030405Z-0001'),
  dir: '/s',
  spec,
  startedAtMs: NOW - 60_000,
  recordsSinceMs: null,
};
const stranger: Session = { ...session, id: parseSessionId('20260102T030405Z-0002') };
const progress: Progress = {
  frames: 30,
  mediaMs: 2_000,
  completeBytes: 9,
  lastFrameAtMs: 1,
  silentMs: 0,
  hasParametersChanged: false,
};
const ended: SessionOutcome = { kind: 'stream-ended', detail: redact('it ended') };
const refused: SessionOutcome = { kind: 'unauthorized', detail: redact('401') };

const states = {
  idle: { kind: 'idle' },
  starting: { kind: 'starting', spec, attempts: NO_ATTEMPTS, stop: null },
  'starting, to be stopped': {
    kind: 'starting',
    spec,
    attempts: NO_ATTEMPTS,
    stop: { cause: 'paused', next: null },
  },
  connecting: { kind: 'connecting', session, attempts: NO_ATTEMPTS },
  recording: { kind: 'recording', session, attempts: NO_ATTEMPTS, progress },
  'stopping for good': {
    kind: 'stopping',
    session,
    attempts: NO_ATTEMPTS,
    rung: 'term',
    deadlineMs: NOW + 5,
    outcome: { kind: 'stop-requested', cause: 'paused' },
    next: null,
    hasFootage: true,
  },
  'stopping a stall': {
    kind: 'stopping',
    session,
    attempts: NO_ATTEMPTS,
    rung: 'kill',
    deadlineMs: NOW - 1,
    outcome: { kind: 'stalled', silentMs: 4_000 },
    next: spec,
    hasFootage: true,
  },
  waiting: { kind: 'waiting', spec, last: ended, attempts: NO_ATTEMPTS, retryAtMs: NOW + 500 },
  'waiting, due': { kind: 'waiting', spec, last: ended, attempts: NO_ATTEMPTS, retryAtMs: NOW },
  locked: { kind: 'waiting', spec, last: refused, attempts: NO_ATTEMPTS, retryAtMs: NOW + 60_000 },
} satisfies Readonly<Record<string, SupervisorState>>;

const events = {
  record: { kind: 'record', spec, notBeforeMs: null },
  'record otherwise': { kind: 'record', spec: other, notBeforeMs: null },
  'record later': { kind: 'record', spec, notBeforeMs: NOW + 9 },
  stop: { kind: 'stop', cause: 'paused' },
  restart: { kind: 'restart', cause: 'reconfigured' },
  started: { kind: 'started', session },
  'started stranger': { kind: 'started', session: stranger },
  'started with another spec': { kind: 'started', session: { ...stranger, spec: other } },
  adopted: { kind: 'adopted', session: stranger },
  'start failed': { kind: 'start-failed', outcome: ended },
  'new frames': { kind: 'progressed', session: session.id, progress },
  'no frame yet': { kind: 'progressed', session: session.id, progress: { ...progress, frames: 0, silentMs: 19_999 } },
  'no frame for 20 s': {
    kind: 'progressed',
    session: session.id,
    progress: { ...progress, frames: 0, silentMs: 20_000 },
  },
  'silent 4 s': { kind: 'progressed', session: session.id, progress: { ...progress, silentMs: 4_000 } },
  'silent 3.9 s': { kind: 'progressed', session: session.id, progress: { ...progress, silentMs: 3_999 } },
  'other picture': { kind: 'progressed', session: session.id, progress: { ...progress, hasParametersChanged: true } },
  'stranger progressed': { kind: 'progressed', session: stranger.id, progress: { ...progress, silentMs: 9_999 } },
  exited: { kind: 'exited', session: session.id, outcome: ended },
  'exited refused': { kind: 'exited', session: session.id, outcome: refused },
  'stranger exited': { kind: 'exited', session: stranger.id, outcome: ended },
  'space low': { kind: 'space-low' },
  tick: { kind: 'tick' },
} satisfies Readonly<Record<string, SupervisorEvent>>;

type Row = readonly [state: string, commands: string];
const row = (state: string, commands = ''): Row => [state, commands];

/** What is not in a state's row changes nothing. */
const table: Readonly<Record<keyof typeof states, Partial<Record<keyof typeof events, Row>>>> = {
  idle: {
    record: row('starting', 'start'),
    'record otherwise': row('starting', 'start'),
    'record later': row('waiting', 'wake'),
    started: row('idle', 'SIGKILL'),
    'started stranger': row('idle', 'SIGKILL'),
    'started with another spec': row('idle', 'SIGKILL'),
    adopted: row('connecting'),
  },
  starting: {
    started: row('connecting'),
    'started stranger': row('connecting'),
    'started with another spec': row('stopping', 'SIGTERM wake'),
    adopted: row('starting', 'SIGKILL'),
    'start failed': row('waiting', 'note wake'),
  },
  'starting, to be stopped': {
    started: row('stopping', 'SIGTERM wake'),
    'started stranger': row('stopping', 'SIGTERM wake'),
    'started with another spec': row('stopping', 'SIGTERM wake'),
    adopted: row('starting', 'SIGKILL'),
    'start failed': row('idle', 'note'),
  },
  connecting: {
    'record otherwise': row('stopping', 'SIGTERM wake'),
    stop: row('stopping', 'SIGTERM wake'),
    restart: row('stopping', 'SIGTERM wake'),
    started: row('connecting', 'SIGKILL'),
    'started stranger': row('connecting', 'SIGKILL'),
    'started with another spec': row('connecting', 'SIGKILL'),
    adopted: row('connecting', 'SIGKILL'),
    'new frames': row('recording'),
    'silent 3.9 s': row('recording'),
    'no frame for 20 s': row('stopping', 'SIGKILL wake'),
    'silent 4 s': row('stopping', 'SIGKILL wake'),
    'other picture': row('stopping', 'SIGTERM wake'),
    exited: row('waiting', 'seal wake'),
    'exited refused': row('waiting', 'seal wake'),
    'space low': row('stopping', 'SIGTERM wake'),
  },
  recording: {
    'record otherwise': row('stopping', 'SIGTERM wake'),
    stop: row('stopping', 'SIGTERM wake'),
    restart: row('stopping', 'SIGTERM wake'),
    started: row('recording', 'SIGKILL'),
    'started stranger': row('recording', 'SIGKILL'),
    'started with another spec': row('recording', 'SIGKILL'),
    adopted: row('recording', 'SIGKILL'),
    'no frame for 20 s': row('stopping', 'SIGKILL wake'),
    'silent 4 s': row('stopping', 'SIGKILL wake'),
    'other picture': row('stopping', 'SIGTERM wake'),
    exited: row('waiting', 'seal wake'),
    'exited refused': row('waiting', 'seal wake'),
    'space low': row('stopping', 'SIGTERM wake'),
  },
  'stopping for good': {
    started: row('stopping', 'SIGKILL'),
    'started stranger': row('stopping', 'SIGKILL'),
    'started with another spec': row('stopping', 'SIGKILL'),
    adopted: row('stopping', 'SIGKILL'),
    exited: row('idle', 'seal'),
    'exited refused': row('idle', 'seal'),
    tick: row('stopping', 'wake'),
  },
  'stopping a stall': {
    started: row('stopping', 'SIGKILL'),
    'started stranger': row('stopping', 'SIGKILL'),
    'started with another spec': row('stopping', 'SIGKILL'),
    adopted: row('stopping', 'SIGKILL'),
    exited: row('waiting', 'seal wake'),
    'exited refused': row('waiting', 'seal wake'),
    tick: row('stopping', 'SIGKILL wake'),
  },
  waiting: {
    'record otherwise': row('starting', 'start'),
    stop: row('idle', 'note'),
    restart: row('starting', 'start'),
    started: row('waiting', 'SIGKILL'),
    'started stranger': row('waiting', 'SIGKILL'),
    'started with another spec': row('waiting', 'SIGKILL'),
    adopted: row('waiting', 'SIGKILL'),
    tick: row('waiting', 'wake'),
  },
  'waiting, due': {
    'record otherwise': row('starting', 'start'),
    stop: row('idle', 'note'),
    restart: row('starting', 'start'),
    started: row('waiting', 'SIGKILL'),
    'started stranger': row('waiting', 'SIGKILL'),
    'started with another spec': row('waiting', 'SIGKILL'),
    adopted: row('waiting', 'SIGKILL'),
    tick: row('starting', 'start'),
  },
  locked: {
    stop: row('idle', 'note'),
    started: row('waiting', 'SIGKILL'),
    'started stranger': row('waiting', 'SIGKILL'),
    'started with another spec': row('waiting', 'SIGKILL'),
    adopted: row('waiting', 'SIGKILL'),
    tick: row('waiting', 'wake'),
  },
};

const keysOf = <Rows extends object>(rows: Rows): readonly (keyof Rows)[] => Object.keys(rows) as (keyof Rows)[];

describe.each(keysOf(states))('when %s', (name) => {
  test.each(keysOf(events))('%s', (event) => {
    const [next, commands] = step(states[name], events[event], context);
    expect([next.kind, commands.map(said).join(' ')]).toEqual(table[name][event] ?? [states[name].kind, '']);
  });
});

test('a stall starts the next session half a second after the process is gone, with the cause kept', () => {
  const [waiting, commands] = step(states['stopping a stall'], events.exited, context);
  expect(waiting).toMatchObject({ kind: 'waiting', retryAtMs: NOW + 500, last: { kind: 'stalled' } });
  expect(commands[0]).toMatchObject({ kind: 'seal', outcome: { kind: 'stalled' } });
});

test('a session that was under way with another spec is followed by one with the spec that is wanted', () => {
  const [stopping] = step(states.starting, events['started with another spec'], context);
  expect(stopping).toMatchObject({ next: spec, outcome: { kind: 'stop-requested', cause: 'reconfigured' } });
});

test('a stop while a stalled session is being killed is the last word', () => {
  const [stopping] = step(states['stopping a stall'], events.stop, context);
  expect(step(stopping, events.exited, context)[0]).toEqual({ kind: 'idle' });
});

test('a restart goes on with the settings it had, with nobody asking again', () => {
  const [stopping] = step(states.recording, events.restart, context);
  expect(stopping).toMatchObject({ next: spec, outcome: { kind: 'stop-requested', cause: 'reconfigured' } });
  expect(step(stopping, events.exited, context)[0]).toMatchObject({ kind: 'starting', spec });
});

test('record while stopping for good starts again when the process is gone', () => {
  const [stopping] = step(states['stopping for good'], events['record otherwise'], context);
  expect(step(stopping, events.exited, context)).toMatchObject([
    { kind: 'starting', spec: other },
    [{ kind: 'seal' }, { kind: 'start', spec: other }],
  ]);
});

test('another spec while FFmpeg is being spawned is used by the session after it', () => {
  const [starting] = step(states.starting, events['record otherwise'], context);
  const [stopping] = step(starting, events.started, context);
  expect(step(stopping, events.exited, context)[0]).toMatchObject({ kind: 'starting', spec: other });
});

test('the stop ladder gives FFmpeg two socket timeouts and two seconds', () => {
  expect(step(states.recording, events.stop, context)[0]).toMatchObject({ rung: 'term', deadlineMs: NOW + 7_000 });
});

test('a camera whose parameters never agree is recorded as it is after two tries', () => {
  const session = { ...states.recording.session, startedAtMs: NOW - 59_000 };
  const stubborn = { ...states.recording, session, attempts: { ...NO_ATTEMPTS, parameterRestarts: 2 } };
  expect(step(stubborn, events['other picture'], context)[0].kind).toBe('recording');
});

test('a session that has lasted a minute ends at other parameters, whatever the ones before it did', () => {
  const session = { ...states.recording.session, startedAtMs: NOW - 60_000 };
  const lasting = { ...states.recording, session, attempts: { ...NO_ATTEMPTS, parameterRestarts: 2 } };
  expect(step(lasting, events['other picture'], context)[0].kind).not.toBe('recording');
});

test('other settings do not unlock an account, another source is tried at once', () => {
  expect(step(states.locked, events['record otherwise'], context)[0]).toMatchObject({ kind: 'waiting', spec: other });
  const moved: CameraSpec = { ...spec, source: { kind: 'secret', name: 'camera-2' } };
  expect(step(states.locked, { kind: 'record', spec: moved, notBeforeMs: null }, context)[0].kind).toBe('starting');
});

test('whatever happens, there is at most one process per camera and each session is sealed once', () => {
  const event = fc.constantFrom(...keysOf(events));
  fc.assert(
    fc.property(fc.array(event, { maxLength: 80 }), (names) => {
      let state: SupervisorState = states.idle;
      let spawned = 0;
      let running: Session | null = null;
      let nowMs = NOW;
      for (const name of names) {
        nowMs += 300;
        const happened = honest(events[name], running, spawned);
        if (happened === null) continue;
        const [next, commands] = step(state, happened, { ...context, nowMs });
        if (happened.kind === 'started' || happened.kind === 'start-failed') spawned -= 1;
        if (happened.kind === 'started') running = happened.session;
        if (happened.kind === 'exited') {
          expect(commands.filter(({ kind }) => kind === 'seal')).toHaveLength(1);
          running = null;
        }
        spawned += commands.filter(({ kind }) => kind === 'start').length;
        expect(spawned + (running === null ? 0 : 1)).toBeLessThanOrEqual(1);
        state = next;
      }
    }),
  );
});

/** Only what the world can do: start what was asked for, end what runs. */
function honest(event: SupervisorEvent, running: Session | null, spawned: number): SupervisorEvent | null {
  if (event.kind === 'adopted') return null;
  if (event.kind === 'started' || event.kind === 'start-failed') return spawned > 0 ? event : null;
  if (event.kind === 'exited') return running === null ? null : { ...event, session: running.id };
  return event;
}

function said(command: SupervisorCommand): string {
  return command.kind === 'signal' ? command.signal : command.kind;
}

test.each([
  [5_999, 'connecting'],
  [6_000, 'stopping'],
])('however small the time scale, %i ms without a first frame mean %s', (silentMs, kind) => {
  const [next] = step(
    states.connecting,
    { kind: 'progressed', session: session.id, progress: { ...progress, frames: 0, silentMs } },
    { ...context, timeScale: 0.01 },
  );
  expect(next.kind).toBe(kind);
});
