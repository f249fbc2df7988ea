/** Worker Versioning (https://docs.temporal.io/worker-versioning): which version of which Worker Deployment this worker is. */
import type { WorkerOptions } from '@temporalio/worker';
import { UserError } from '../lib/user-error.ts';

type Environment = Readonly<Record<string, string | undefined>>;

const BEHAVIORS = ['PINNED', 'AUTO_UPGRADE'] as const;

type Behavior = (typeof BEHAVIORS)[number];

/** The variable that sets the versioning behavior of all workflow types. */
export const VERSIONING_BEHAVIOR = 'VERSIONING_BEHAVIOR';

export interface WorkerVersion {
  readonly deploymentName: string;
  readonly buildId: string;
  /** Of all workflow types; absent where each declares its own, and is pinned if it declares none. */
  readonly behavior?: Behavior;
}

/**
 * What the server takes as names. It refuses the polls of a worker with any other, and the SDK tries again for ever without
 * a word (seen on Server 1.29.1).
 */
const NAMES = {
  TEMPORAL_DEPLOYMENT_NAME: { form: /^(?!__)[^.:]+$/, must: 'must hold no "." and no ":"' },
  TEMPORAL_WORKER_BUILD_ID: { form: /^(?!__)[^:]+$/, must: 'must hold no ":"' },
} as const;

/**
 * The version of the worker: `TEMPORAL_DEPLOYMENT_NAME` and `TEMPORAL_WORKER_BUILD_ID`, which the Temporal Worker
 * Controller for Kubernetes sets.
 *
 * @returns undefined where neither is set: the worker is unversioned
 * @throws UserError where only one is set, or the server would refuse a name
 */
export function readWorkerVersion(env: Environment): WorkerVersion | undefined {
  const { TEMPORAL_DEPLOYMENT_NAME: deploymentName, TEMPORAL_WORKER_BUILD_ID: buildId } = env;
  const behavior = readBehavior(env);
  if (!deploymentName && !buildId) return undefined;
  if (!deploymentName || !buildId) {
    const [set, missing] = deploymentName
      ? ['TEMPORAL_DEPLOYMENT_NAME', 'TEMPORAL_WORKER_BUILD_ID']
      : ['TEMPORAL_WORKER_BUILD_ID', 'TEMPORAL_DEPLOYMENT_NAME'];
    throw new UserError(
      `${set} is set and ${missing} is not. Set both to turn on Worker Versioning, or neither to leave it off.`,
    );
  }
  for (const [name, { form, must }] of Object.entries(NAMES)) {
    if (!form.test(env[name] ?? ''))
      throw new UserError(`${name} ${must}, and must not begin with "__": "${env[name]}".`);
  }
  return { deploymentName, buildId, ...(behavior && { behavior }) };
}

function readBehavior(env: Environment): Behavior | undefined {
  const value = env[VERSIONING_BEHAVIOR];
  if (!value) return undefined;
  const behavior = BEHAVIORS.find((known) => known === value);
  if (behavior !== undefined) return behavior;
  throw new UserError(`${VERSIONING_BEHAVIOR} must be ${BEHAVIORS.join(' or ')}, not "${value}".`);
}

/** The options of the worker that turn on Worker Versioning; none where it is off. */
export function versioningOptions(
  version: WorkerVersion | undefined,
): Pick<WorkerOptions, 'workerDeploymentOptions'> {
  if (!version) return {};
  const { deploymentName, buildId, behavior = 'PINNED' } = version;
  return {
    workerDeploymentOptions: {
      version: { deploymentName, buildId },
      useWorkerVersioning: true,
      defaultVersioningBehavior: behavior,
    },
  };
}
