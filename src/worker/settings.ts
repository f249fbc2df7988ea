import type { RunSettings } from '../activities/check-input.ts';
import { REQUEST_RATES, type RequestRates } from '../activities/retry-delay.ts';
import { compileRules } from '../input-rules/ajv.ts';
import { blobs } from '../input-rules/flow-members.ts';
import { isDuration, toMilliseconds } from '../pacing/polling.ts';
import { UserError } from '../lib/user-error.ts';
import { readWorkerVersion, VERSIONING_BEHAVIOR, type WorkerVersion } from './worker-version.ts';

type Environment = Readonly<Record<string, string | undefined>>;

/** The settings of a worker that are not Temporal's and not AWS's own. */
export interface WorkerSettings {
  taskQueue: string;
  /** How long a run waits for the worker that has it in its cache before any other takes over, in milliseconds. */
  stickyScheduleToStart: number;
  /** Absent where Worker Versioning is off. */
  version?: WorkerVersion;
  run: RunSettings;
  /** How many requests a second AWS accepts of this account. */
  requestRates: RequestRates;
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
  LIST_LAG: 30_000,
  SEARCH_LAG: 60_000,
  DELETION_LAG: 5 * 60_000,
} as const;

/** Those of them that may be 0, which means none. */
const MAY_BE_NONE: ReadonlySet<keyof typeof DURATIONS> = new Set([
  'MANIFEST_WAIT',
  'STALE_READS',
  'LIST_LAG',
  'SEARCH_LAG',
  'DELETION_LAG',
]);

/** The variables of the environment that set a worker or a client, and have no prefix that tells so. */
export const OUR_VARIABLES: readonly string[] = [
  ...Object.keys(DURATIONS),
  'AWS_REQUEST_RATES',
  'ARTIFACTS_S3_URI',
  'ARTIFACTS_KMS_KEY_ID',
  'WORKFLOW_ID_KEY',
  VERSIONING_BEHAVIOR,
];

/** The worker's default is held against the rule of the input's member: a wrong one would fail runs, one by one. */
const artifactsProblems = compileRules({
  type: 'object',
  properties: { artifactsS3Uri: blobs.artifactsS3Uri },
});

/** @throws UserError for a duration, an S3 URI or a worker version that is none */
export function readSettings(env: Environment): WorkerSettings {
  const duration = (name: keyof typeof DURATIONS) => {
    const value = env[name];
    if (!value) return DURATIONS[name];
    if (!isDuration(value, { orNone: MAY_BE_NONE.has(name) }))
      throw new UserError(`${name} must be a duration such as "30s", not "${value}".`);
    return toMilliseconds(value);
  };
  const artifactsS3Uri = env['ARTIFACTS_S3_URI'];
  const artifactsKmsKeyId = env['ARTIFACTS_KMS_KEY_ID'];
  if (artifactsS3Uri && artifactsProblems({ artifactsS3Uri }).length > 0) {
    throw new UserError(
      `ARTIFACTS_S3_URI must be an S3 URI such as s3://bucket/folder/, not "${artifactsS3Uri}".`,
    );
  }
  const version = readWorkerVersion(env);
  return {
    taskQueue: env['TEMPORAL_TASK_QUEUE'] || 'aws-health',
    stickyScheduleToStart: duration('STICKY_SCHEDULE_TO_START'),
    ...(version && { version }),
    requestRates: { ...REQUEST_RATES, ...readRates(env['AWS_REQUEST_RATES'] ?? '') },
    run: {
      startToClose: duration('ACTIVITY_START_TO_CLOSE'),
      readBudget: duration('READ_BUDGET'),
      manifestWait: duration('MANIFEST_WAIT'),
      tokenLife: duration('CLIENT_TOKEN_LIFE'),
      staleReads: duration('STALE_READS'),
      listLag: duration('LIST_LAG'),
      searchLag: duration('SEARCH_LAG'),
      deletionLag: duration('DELETION_LAG'),
      ...(artifactsS3Uri && { artifactsS3Uri }),
      ...(artifactsKmsKeyId && { artifactsKmsKeyId }),
    },
  };
}

/**
 * Reads rates such as `copyImageSet=2,updateImageSetMetadata=0.5`.
 *
 * @throws UserError that names every part that is not an operation of {@link REQUEST_RATES} with a positive number
 */
function readRates(text: string): RequestRates {
  const parts = text.split(',').filter((part) => part.trim() !== '');
  const rates = parts.map((part): [part: string, name: string, rate: number] => {
    const [name = '', rate = '', ...more] = part.split('=').map((side) => side.trim());
    return [part, name, more.length === 0 && rate !== '' ? Number(rate) : NaN];
  });
  const wrong = rates.filter(
    ([, name, rate]) => !Object.hasOwn(REQUEST_RATES, name) || !(rate > 0) || rate === Infinity,
  );
  if (wrong.length > 0) {
    const named = wrong.map(([part]) => `"${part}"`).join(', ');
    throw new UserError(
      `AWS_REQUEST_RATES must be rates such as "copyImageSet=2,*=20", not ${named}. ` +
        `The operations are ${Object.keys(REQUEST_RATES).join(', ')}.`,
    );
  }
  return Object.fromEntries(rates.map(([, name, rate]) => [name, rate]));
}
