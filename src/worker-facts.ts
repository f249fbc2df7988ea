import type { NativeConnection } from '@temporalio/worker';
import type { RunSettings, WorkerFacts } from './activities/check-input.ts';
import { compileRules } from './input-rules/ajv.ts';
import { blobs } from './input-rules/flow-members.ts';
import { isDuration, toMilliseconds } from './polling.ts';
import { OUR_SEARCH_ATTRIBUTE_NAMES } from './search-attributes.ts';
import { UserError } from './user-error.ts';

type Environment = Readonly<Record<string, string | undefined>>;

/** The settings of a worker that are not Temporal's and not AWS's own. */
export interface WorkerSettings {
  taskQueue: string;
  /** How long a run waits for the worker that has it in its cache before any other takes over, in milliseconds. */
  stickyScheduleToStart: number;
  run: RunSettings;
}

/** The durations that may be set, and what holds where they are not, in milliseconds. */
const DURATIONS = {
  ACTIVITY_START_TO_CLOSE: 30_000,
  STICKY_SCHEDULE_TO_START: 10_000,
  /** A bad hour of AWS or of the network must not undo a day's waiting. */
  READ_BUDGET: 60 * 60_000,
  MANIFEST_WAIT: 30_000,
  CLIENT_TOKEN_LIFE: 10 * 60_000,
  STALE_READS: 30_000,
  SEARCH_LAG: 60_000,
  DELETION_LAG: 5 * 60_000,
} as const;

/** The variables of the environment that set a worker or a client, and have no prefix that tells so. */
export const OUR_VARIABLES: readonly string[] = [
  ...Object.keys(DURATIONS),
  'ARTIFACTS_S3_URI',
  'WORKFLOW_ID_KEY',
];

/** The worker's default is held against the rule of the input's member: a wrong one would fail runs, one by one. */
const artifactsProblems = compileRules({
  type: 'object',
  properties: { artifactsS3Uri: blobs.artifactsS3Uri },
});

/** @throws UserError for a duration or an S3 URI that is none */
export function readSettings(env: Environment): WorkerSettings {
  const duration = (name: keyof typeof DURATIONS) => {
    const value = env[name];
    if (!value) return DURATIONS[name];
    if (!isDuration(value)) throw new UserError(`${name} must be a duration such as "30s", not "${value}".`);
    return toMilliseconds(value);
  };
  const artifactsS3Uri = env['ARTIFACTS_S3_URI'];
  if (artifactsS3Uri && artifactsProblems({ artifactsS3Uri }).length > 0) {
    throw new UserError(
      `ARTIFACTS_S3_URI must be an S3 URI such as s3://bucket/folder/, not "${artifactsS3Uri}".`,
    );
  }
  return {
    taskQueue: env['TEMPORAL_TASK_QUEUE'] || 'aws-health',
    stickyScheduleToStart: duration('STICKY_SCHEDULE_TO_START'),
    run: {
      startToClose: duration('ACTIVITY_START_TO_CLOSE'),
      readBudget: duration('READ_BUDGET'),
      manifestWait: duration('MANIFEST_WAIT'),
      tokenLife: duration('CLIENT_TOKEN_LIFE'),
      staleReads: duration('STALE_READS'),
      searchLag: duration('SEARCH_LAG'),
      deletionLag: duration('DELETION_LAG'),
      ...(artifactsS3Uri && { artifactsS3Uri }),
    },
  };
}

const REMEMBERED = 60_000;

/**
 * What runs ask of their worker, looked up at most once a minute.
 *
 * A namespace that does not tell its search attributes counts as having none: an unknown one would wedge the run.
 */
export function workerFacts(connection: NativeConnection, namespace: string, settings: RunSettings) {
  let known: { at: number; names: Promise<string[]> } | undefined;
  return async (): Promise<WorkerFacts> => {
    if (!known || Date.now() - known.at > REMEMBERED) {
      known = { at: Date.now(), names: searchAttributesOf(connection, namespace) };
    }
    return { searchAttributes: await known.names, ...settings };
  };
}

async function searchAttributesOf(connection: NativeConnection, namespace: string): Promise<string[]> {
  try {
    const { customAttributes } = await connection.operatorService.listSearchAttributes({ namespace });
    return OUR_SEARCH_ATTRIBUTE_NAMES.filter((name) => Object.hasOwn(customAttributes, name));
  } catch {
    return [];
  }
}
