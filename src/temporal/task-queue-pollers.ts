/** Which workers poll a task queue, and which of those that Temporal still lists are dead. */
import { hostname } from 'node:os';
import type { Connection } from '@temporalio/client';
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
}

/** A poll lasts a minute; the server lists a worker for five minutes after its last one. */
const POLLED_LATELY_MS = 90_000;

/**
 * Everyone whom Temporal lists as polling a task queue, the dead included, the latest poll first.
 *
 * @throws the gRPC error of the server, such as NOT_FOUND where there is no such namespace
 */
export async function listPollers(
  { workflowService }: Pick<Connection, 'workflowService'>,
  namespace: string,
  name: string,
  type: TaskQueueType,
): Promise<Poller[]> {
  const request = { namespace, taskQueue: { name }, taskQueueType: TASK_QUEUE_TYPES[type] };
  const { pollers } = await workflowService.describeTaskQueue(request);
  return (pollers ?? [])
    .map(({ identity, lastAccessTime }) => {
      const polledAt = Number(lastAccessTime?.seconds ?? 0) * 1_000 + (lastAccessTime?.nanos ?? 0) / 1e6;
      const age = Math.max(0, Date.now() - polledAt);
      const whose = identity || 'a worker without identity';
      return { identity: whose, age, mayBeAlive: age < POLLED_LATELY_MS && !hasEnded(whose) };
    })
    .toSorted((one, other) => one.age - other.age);
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
