import type { NativeConnection } from '@temporalio/worker';
import type { WorkerFacts } from './activities/check-input.ts';
import { isDuration, toMilliseconds } from './polling.ts';
import { UserError } from './user-error.ts';

type Environment = Readonly<Record<string, string | undefined>>;

/** The settings of a worker that are not Temporal's and not AWS's own. */
export interface WorkerSettings {
  taskQueue: string;
  /** One attempt of an AWS call, in milliseconds. */
  startToClose: number;
  /** How long a run waits for the worker that has it in its cache before any other takes over, in milliseconds. */
  stickyScheduleToStart: number;
  /** How long a manifest may be late, in milliseconds. */
  manifestWait: number;
  /** How long the services are trusted to remember a client token, in milliseconds. Neither says. */
  tokenLife: number;
  artifactsS3Uri?: string;
}

/** @throws UserError for a duration that is none */
export function readSettings(env: Environment): WorkerSettings {
  const duration = (name: string, usual: number) => {
    const value = env[name];
    if (!value) return usual;
    if (!isDuration(value)) throw new UserError(`${name} must be a duration such as "30s", not "${value}".`);
    return toMilliseconds(value);
  };
  const artifactsS3Uri = env['ARTIFACTS_S3_URI'];
  return {
    taskQueue: env['TEMPORAL_TASK_QUEUE'] || 'aws-health',
    startToClose: duration('ACTIVITY_START_TO_CLOSE', 30_000),
    stickyScheduleToStart: duration('STICKY_SCHEDULE_TO_START', 10_000),
    manifestWait: duration('MANIFEST_WAIT', 30_000),
    tokenLife: duration('CLIENT_TOKEN_LIFE', 10 * 60_000),
    ...(artifactsS3Uri && { artifactsS3Uri }),
  };
}

export const OUR_SEARCH_ATTRIBUTES = ['AwsDatastoreId', 'AwsJobId', 'AwsImageSetId'];
const REMEMBERED = 60_000;

/**
 * What runs ask of their worker, looked up at most once a minute.
 *
 * A namespace that does not tell its search attributes counts as having none: an unknown one would wedge the run.
 */
export function workerFacts(connection: NativeConnection, namespace: string, settings: WorkerSettings) {
  let known: { at: number; names: Promise<string[]> } | undefined;
  return async (): Promise<WorkerFacts> => {
    if (!known || Date.now() - known.at > REMEMBERED) {
      known = { at: Date.now(), names: searchAttributesOf(connection, namespace) };
    }
    const { startToClose, manifestWait, tokenLife, artifactsS3Uri } = settings;
    return {
      searchAttributes: await known.names,
      startToClose,
      manifestWait,
      tokenLife,
      ...(artifactsS3Uri !== undefined && { artifactsS3Uri }),
    };
  };
}

async function searchAttributesOf(connection: NativeConnection, namespace: string): Promise<string[]> {
  try {
    const { customAttributes } = await connection.operatorService.listSearchAttributes({ namespace });
    return OUR_SEARCH_ATTRIBUTES.filter((name) => Object.hasOwn(customAttributes, name));
  } catch {
    return [];
  }
}
