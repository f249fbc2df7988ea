/** Which workers poll a task queue, which of those that Temporal still lists are dead, and which version gets new runs. */
import { hostname } from 'node:os';
import type { WorkflowService } from '@temporalio/client';
import { isRecord } from '../lib/guards.ts';

/** `TASK_QUEUE_TYPE_WORKFLOW` and `TASK_QUEUE_TYPE_ACTIVITY` of the Temporal API. */
const TASK_QUEUE_TYPES = { workflow: 1, activity: 2 } as const;

export type TaskQueueType = keyof typeof TASK_QUEUE_TYPES;

export interface Poller {
  /** As the worker names itself; `PID@HOST` by default. */
  readonly identity: string;
  /** How long ago its last poll was, in milliseconds by this machine's clock. */
  readonly age: number;
  /** False where it has not polled for longer than a poll lasts, or its process was on this machine and is gone. */
  readonly mayBeAlive: boolean;
  /** Absent for an unversioned worker. */
  readonly version?: DeploymentVersion;
}

/** A version of a Worker Deployment. */
export interface DeploymentVersion {
  readonly deploymentName: string;
  readonly buildId: string;
}

/** What Temporal tells of a task queue. */
export interface TaskQueue {
  /** All that it lists as polling, the dead included, the latest poll first. */
  readonly pollers: readonly Poller[];
  /** The version whose workers get the new runs; absent where unversioned workers get them. */
  readonly current?: DeploymentVersion;
  /** The version whose workers get a share of the new runs. */
  readonly ramping?: DeploymentVersion;
}

interface Server {
  readonly workflowService: Pick<WorkflowService, 'describeTaskQueue'>;
}

type PollerInfo = Awaited<ReturnType<WorkflowService['describeTaskQueue']>>['pollers'][number];

/** A poll lasts a minute; the server lists a worker for five minutes after its last one. */
const POLLED_LATELY_MS = 90_000;

/**
 * @throws the gRPC error of the server, such as NOT_FOUND where there is no such namespace
 */
export async function describeTaskQueue(
  { workflowService }: Server,
  namespace: string,
  name: string,
  type: TaskQueueType,
): Promise<TaskQueue> {
  const request = { namespace, taskQueue: { name }, taskQueueType: TASK_QUEUE_TYPES[type] };
  const { pollers, versioningInfo } = await workflowService.describeTaskQueue(request);
  const current = versionOf(versioningInfo?.currentDeploymentVersion);
  const ramping = versionOf(versioningInfo?.rampingDeploymentVersion);
  return {
    pollers: pollers.map(toPoller).toSorted((one, other) => one.age - other.age),
    ...(current && { current }),
    ...(ramping && { ramping }),
  };
}

function toPoller({ identity, lastAccessTime, deploymentOptions }: PollerInfo): Poller {
  const polledAt = Number(lastAccessTime?.seconds ?? 0) * 1_000 + (lastAccessTime?.nanos ?? 0) / 1e6;
  const age = Math.max(0, Date.now() - polledAt);
  const whose = identity || 'a worker without identity';
  // A worker may name its deployment without taking part in versioning.
  const isVersioned = Number(deploymentOptions?.workerVersioningMode) === VERSIONED;
  const version = isVersioned ? versionOf(deploymentOptions) : undefined;
  const mayBeAlive = age < POLLED_LATELY_MS && !hasEnded(whose);
  return { identity: whose, age, mayBeAlive, ...(version && { version }) };
}

/** `WORKER_VERSIONING_MODE_VERSIONED` of the Temporal API. */
const VERSIONED = 2;

type NamedVersion = Readonly<Partial<Record<keyof DeploymentVersion, string | null>>>;

function versionOf(named: NamedVersion | null | undefined): DeploymentVersion | undefined {
  const { deploymentName, buildId } = named ?? {};
  return deploymentName && buildId ? { deploymentName, buildId } : undefined;
}

/** Whether an identity as Temporal's SDKs make it by default, `PID@HOST`, is that of a process which is gone. */
function hasEnded(identity: string): boolean {
  const [, pid, host] = /^(\d+)@(.+)$/.exec(identity) ?? [];
  if (pid === undefined || host !== hostname()) return false;
  try {
    process.kill(Number(pid), 0);
    return false;
  } catch (error) {
    return isRecord(error) && error['code'] === 'ESRCH';
  }
}
