/**
 * Every timeout, retry option and wait of workflows, activities and the worker's loops, in one place, with its reason. Pure data: workflows,
 * activities and workers read it, tests scale it. How long the worker waits for one answer, or for a step of its own end, is in
 * `workers/policies.ts`.
 */

/** Shaped like Temporal's own options, so that it can be spread into them. All times in milliseconds. */
export interface ActivityPolicy {
  readonly startToCloseTimeout: number;
  readonly scheduleToStartTimeout?: number;
  readonly scheduleToCloseTimeout?: number;
  readonly heartbeatTimeout?: number;
  readonly retry: {
    readonly initialInterval: number;
    readonly backoffCoefficient: number;
    readonly maximumInterval: number;
    readonly maximumAttempts?: number;
  };
}

/** Made by `policiesOf`; times in milliseconds. */
export interface Policies {
  /** What they were made with; handed to every workflow that is started. */
  readonly timeScale: number;
  readonly assignToLast: ActivityPolicy;
  readonly assignToAny: ActivityPolicy;
  readonly record: ActivityPolicy;
  readonly upload: ActivityPolicy;
  readonly surveyBucket: ActivityPolicy;
  readonly expireCamera: ActivityPolicy;
  /** Pause before a recording that ended oddly (failed by hand) is asked for again. */
  readonly recordAgainMs: number;
  /** Before the next try of what needs a person: wrong credentials, missing bucket, missing file. */
  readonly slowRetryMs: number;
  /** How long an attempt at an upload waits for the one before it, which Temporal has given up, to end. */
  readonly waitForOtherUploadMs: number;
  /** How late a cancel or pause reaches the activity, and how long two attempts may overlap. */
  readonly heartbeatThrottleMs: number;
  readonly heartbeatEveryMs: number;
  /** A condition is told to the workflow when it lasted so long… */
  readonly conditionSettledMs: number;
  /** …and not more often than this. */
  readonly conditionReportEveryMs: number;
  /** A camera that was declined and is not asked for again in so long is asked for no more. */
  readonly declinedForgottenMs: number;
  /** A recording may be unattached so long before Temporal is asked about it. */
  readonly unattachedGraceMs: number;
  /** An announced segment that nothing touched for so long is uploaded by a workflow started directly. */
  readonly untouchedMs: number;
  /** Spool scan when no hint hurries it. */
  readonly scanEveryMs: number;
  readonly ownershipEveryMs: number;
  readonly reclaimEveryMs: number;
  /** A look at which clock slots ended without footage; asks the store only when there is one. */
  readonly gapObjectsEveryMs: number;
  /** Between two runs of retention, by its schedule. */
  readonly retentionEveryMs: number;
  /** How long a bucket that has become known is only reported on, before anything in it is deleted. */
  readonly reportForMs: number;
  /** A listing of the whole bucket, a request for a thousand objects. */
  readonly bucketWatchEveryMs: number;
  /** A look at which days have closed, and whether records and bucket agree: some requests a camera. */
  readonly dayRecordsEveryMs: number;
  /** Smallest age of a receipt, by the store's clock, before it may be confirmed. */
  readonly confirmAfterMs: number;
  /** A recorder that asked Temporal for work so recently may be alive: it cannot be declared lost. */
  readonly aliveForMs: number;
  /** Between two looks at whether Temporal and the store answer. */
  readonly probeEveryMs: number;
}

const SECOND_MS = 1_000;
const MINUTE_MS = 60 * SECOND_MS;
const HOUR_MS = 60 * MINUTE_MS;
const DAY_MS = 24 * HOUR_MS;

/** `timeScale` < 1 makes everything quicker for tests; what counts things is not scaled. */
export function policiesOf(timeScale = 1): Policies {
  const scaled = (durationMs: number): number => Math.max(1, Math.round(durationMs * timeScale));
  return { timeScale, ...activityPolicies(scaled), ...loopPolicies(scaled) };
}

type ActivityName = 'assignToLast' | 'assignToAny' | 'record' | 'upload' | 'surveyBucket' | 'expireCamera';

function activityPolicies(scaled: (durationMs: number) => number): Pick<Policies, ActivityName> {
  return {
    // A recorder that lives polls within milliseconds; 15 s outlast its restart (about 3 s) and keep fail-over under 90 s.
    assignToLast: {
      scheduleToStartTimeout: scaled(15 * SECOND_MS),
      startToCloseTimeout: scaled(15 * SECOND_MS),
      retry: { ...onceASecond(scaled), maximumAttempts: 1 },
    },
    // No schedule-to-start: a camera waits for a recorder as long as it takes. A refusal is asked again, soon of another one.
    assignToAny: { startToCloseTimeout: scaled(15 * SECOND_MS), retry: onceASecond(scaled) },
    record: {
      // Recording never ends by itself.
      startToCloseTimeout: 365 * DAY_MS,
      // Fires for everybody when Temporal returns; the workflow then asks the last recorder again.
      scheduleToStartTimeout: scaled(15 * SECOND_MS),
      // An outage of Temporal shorter than this minus the throttle (10 s) and 5 s is invisible; a dead recorder is known after it.
      heartbeatTimeout: scaled(45 * SECOND_MS),
      // Attempts add up over weeks, so the longest wait is the usual one.
      retry: onceASecond(scaled),
    },
    upload: {
      // Bounds a wedge only: a resumed upload sends at most the parts again that were in flight.
      startToCloseTimeout: 6 * HOUR_MS,
      heartbeatTimeout: scaled(MINUTE_MS),
      // No schedule-to-start and no last attempt: the file exists only there, and a store may be away for days.
      retry: { initialInterval: scaled(SECOND_MS), backoffCoefficient: 2, maximumInterval: scaled(5 * MINUTE_MS) },
    },
    surveyBucket: {
      startToCloseTimeout: scaled(10 * MINUTE_MS),
      // Outlasts a restart of the store; then the run has failed, and the next one comes.
      scheduleToCloseTimeout: scaled(HOUR_MS),
      heartbeatTimeout: scaled(MINUTE_MS),
      retry: { initialInterval: scaled(SECOND_MS), backoffCoefficient: 2, maximumInterval: scaled(MINUTE_MS) },
    },
    expireCamera: {
      // A year of a camera that had no policy before, over a slow line.
      startToCloseTimeout: scaled(6 * HOUR_MS),
      heartbeatTimeout: scaled(MINUTE_MS),
      // The next run does what this one could not: others wait for their turn.
      retry: {
        initialInterval: scaled(SECOND_MS),
        backoffCoefficient: 4,
        maximumInterval: scaled(MINUTE_MS),
        maximumAttempts: 5,
      },
    },
  };
}

function loopPolicies(scaled: (durationMs: number) => number): Omit<Policies, 'timeScale' | ActivityName> {
  return {
    recordAgainMs: scaled(SECOND_MS),
    slowRetryMs: scaled(5 * MINUTE_MS),
    // It hears so with its next heartbeat, at most the throttle later, and then only has to end its requests.
    waitForOtherUploadMs: scaled(30 * SECOND_MS),
    // Never a divisor of the heartbeat timeout: one swallowed heartbeat would race the server's timer.
    heartbeatThrottleMs: scaled(10 * SECOND_MS),
    heartbeatEveryMs: scaled(SECOND_MS),
    conditionSettledMs: scaled(10 * SECOND_MS),
    conditionReportEveryMs: scaled(MINUTE_MS),
    // Three of the longest waits between two tries of `assignToAny`; more recorders take turns.
    declinedForgottenMs: scaled(30 * SECOND_MS),
    // Heartbeat timeout and 30 s: the next attempt is always attached within 25 s of Temporal's return.
    unattachedGraceMs: scaled(75 * SECOND_MS),
    untouchedMs: scaled(10 * MINUTE_MS),
    scanEveryMs: scaled(30 * SECOND_MS),
    ownershipEveryMs: scaled(15 * SECOND_MS),
    reclaimEveryMs: scaled(MINUTE_MS),
    // A quarter of a 60 s segment: a slot is told of before it is two slots old.
    gapObjectsEveryMs: scaled(15 * SECOND_MS),
    retentionEveryMs: scaled(HOUR_MS),
    reportForMs: scaled(DAY_MS),
    bucketWatchEveryMs: scaled(HOUR_MS),
    // A day closes two slots after its end; every record of half a year has its turn once a day.
    dayRecordsEveryMs: scaled(10 * MINUTE_MS),
    // The store may have acknowledged from its page cache.
    confirmAfterMs: scaled(10 * MINUTE_MS),
    // One that has nothing to do asks once a minute: so long Temporal holds the question.
    aliveForMs: scaled(75 * SECOND_MS),
    probeEveryMs: scaled(10 * SECOND_MS),
  };
}

function onceASecond(scaled: (durationMs: number) => number): ActivityPolicy['retry'] {
  return { initialInterval: scaled(SECOND_MS), backoffCoefficient: 1.5, maximumInterval: scaled(10 * SECOND_MS) };
}
