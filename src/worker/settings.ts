import type { RunSettings } from '../activities/check-input.ts';
import { REQUEST_RATES, type RequestRates } from '../activities/retry-delay.ts';
import { compileRules } from '../input-rules/ajv.ts';
import { blobs } from '../input-rules/flow-members.ts';
import { isDuration, toMilliseconds } from '../pacing/polling.ts';
import { ENCRYPTION_VARIABLES } from '../payloads/encryption.ts';
import { UserError } from '../lib/user-error.ts';
import { readWorkerVersion, VERSIONING_BEHAVIOR, type WorkerVersion } from './worker-version.ts';

type Environment = Readonly<Record<string, string | undefined>>;

/** The settings of a worker, besides those of Temporal and of the AWS SDK. */
export interface WorkerSettings {
  taskQueue: string;
  /** How long a workflow task waits for the worker that has the run in its cache before any worker may take it, in milliseconds. */
  stickyScheduleToStart: number;
  /** Absent if Worker Versioning is off. */
  version?: WorkerVersion;
  run: RunSettings;
  /** How many requests per second AWS accepts from this account, by operation. */
  requestRates: RequestRates;
}

/** The settings that are durations, with their defaults in milliseconds. */
const DURATIONS = {
  ACTIVITY_START_TO_CLOSE: 30_000,
  STICKY_SCHEDULE_TO_START: 10_000,
  /** Long enough that an hour's outage of AWS or of the network does not fail a run that has waited for a day. */
  READ_BUDGET: 60 * 60_000,
  MANIFEST_WAIT: 30_000,
  CLIENT_TOKEN_LIFE: 10 * 60_000,
  STALE_READS: 30_000,
  LIST_LAG: 30_000,
  SEARCH_LAG: 60_000,
  DELETION_LAG: 5 * 60_000,
} as const;

/** The durations that may be 0, which turns the wait off. */
const MAY_BE_NONE: ReadonlySet<keyof typeof DURATIONS> = new Set([
  'MANIFEST_WAIT',
  'STALE_READS',
  'LIST_LAG',
  'SEARCH_LAG',
  'DELETION_LAG',
]);

/** The environment variables of a worker or a client that a prefix (`AWS_`, `TEMPORAL_`) does not select. */
export const OUR_VARIABLES: readonly string[] = [
  ...Object.keys(DURATIONS),
  'AWS_REQUEST_RATES',
  'ARTIFACTS_S3_URI',
  'ARTIFACTS_KMS_KEY_ID',
  'WORKFLOW_ID_KEY',
  ...ENCRYPTION_VARIABLES,
  VERSIONING_BEHAVIOR,
];

/** The worker checks its default when it starts, by the rule for inputs. Otherwise an invalid default would fail each run. */
const artifactsProblems = compileRules({
  type: 'object',
  properties: { artifactsS3Uri: blobs.artifactsS3Uri },
});

/** @throws UserError for an invalid duration, S3 URI, request rate or worker version */
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
 * Parses rates such as `copyImageSet=2,updateImageSetMetadata=0.5`.
 *
 * @throws UserError that names every part which is not an operation of {@link REQUEST_RATES} with a positive number
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
