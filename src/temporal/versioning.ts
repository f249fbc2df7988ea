/**
 * Finds what blocks runs when Worker Versioning is on, each with the command that fixes it.
 *
 * Temporal reports none of this as an error: a run that no worker of the right version polls for stays open and makes no
 * progress (observed with Servers 1.29.1 and 1.32.0).
 */
import { isGrpcError } from './grpc.ts';
import { Client, type ConnectionLike } from '@temporalio/client';
import { ourCommand, shellCommand } from '../lib/shell-command.ts';
import { temporalCommand } from './temporal-command.ts';
import { describeTaskQueue, type DeploymentVersion, type TaskQueue } from './task-queue-pollers.ts';

export interface VersioningFault {
  readonly found: string;
  readonly fix: string;
}

export interface Versioning {
  /** The version that gets new runs; absent if unversioned workers get them. */
  readonly current?: DeploymentVersion;
  /** The versions whose workers may be alive. */
  readonly polled: readonly DeploymentVersion[];
  readonly faults: readonly VersioningFault[];
}

/** The version in the format of the search attribute `TemporalWorkerDeploymentVersion`, such as `aws-health:1`. */
export const nameOf = ({ deploymentName, buildId }: DeploymentVersion) => `${deploymentName}:${buildId}`;

/**
 * Looks up which versions poll a task queue, and whether there are runs that no polled version executes.
 *
 * @param own - the version of this worker, which is about to poll
 * @throws the gRPC error if a request fails
 */
export async function lookUpVersioning(
  connection: ConnectionLike,
  namespace: string,
  taskQueue: string,
  own?: DeploymentVersion,
): Promise<Versioning> {
  const queue = await describeTaskQueue(connection, namespace, taskQueue, 'workflow');
  const { current } = queue;
  const polled = polledVersions(queue, own);
  const commands = commandsFor(namespace);
  const pinned = await findStranded(new Client({ connection, namespace }), taskQueue, polled);
  const faults = [routingFault(queue, polled, own, commands), pinned && strandedFault(pinned, commands)];
  return { ...(current && { current }), polled, faults: faults.filter((fault) => fault !== undefined) };
}

function polledVersions({ pollers }: TaskQueue, own: DeploymentVersion | undefined): DeploymentVersion[] {
  const alive = pollers.flatMap(({ mayBeAlive, version }) => (mayBeAlive && version ? [version] : []));
  const all = own ? [own, ...alive] : alive;
  return [...new Map(all.map((version) => [nameOf(version), version])).values()];
}

/** Builds commands of the Temporal CLI for a namespace. */
function commandsFor(namespace: string) {
  const workflow = (...words: string[]) => temporalCommand(['workflow', ...words, '--namespace', namespace]);
  const deployment = (verb: string, { deploymentName, buildId }: DeploymentVersion, ...more: string[]) => {
    const version = ['--deployment-name', deploymentName, '--build-id', buildId];
    return shellCommand(
      'temporal',
      'worker',
      'deployment',
      verb,
      ...version,
      ...more,
      '--namespace',
      namespace,
    );
  };
  return { workflow, deployment };
}

type Commands = ReturnType<typeof commandsFor>;

/** A problem if no worker gets the new runs, or if this worker gets none. */
function routingFault(
  { pollers, current, ramping }: TaskQueue,
  polled: readonly DeploymentVersion[],
  own: DeploymentVersion | undefined,
  { deployment }: Commands,
): VersioningFault | undefined {
  const [first] = polled;
  if (!current) {
    if (!first) return undefined;
    const isUnversioned = pollers.some(({ mayBeAlive, version }) => mayBeAlive && !version);
    const where = isUnversioned ? 'go to unversioned workers only' : 'stay unstarted';
    return {
      found: `Worker Deployment ${first.deploymentName} has no current version: new runs ${where}`,
      fix: deployment('set-current-version', first),
    };
  }
  if (!polled.some((version) => nameOf(version) === nameOf(current))) {
    const start = `TEMPORAL_DEPLOYMENT_NAME=${current.deploymentName} TEMPORAL_WORKER_BUILD_ID=${current.buildId} ${ourCommand('worker')}`;
    const replace = first && `, or make another version current: ${deployment('set-current-version', first)}`;
    return {
      found: `no worker of the current version ${nameOf(current)} polls: new runs and runs that are not pinned make no progress`,
      fix: `start one: ${start}${replace ?? ''}`,
    };
  }
  const isRouted = [current, ramping].some((version) => version && own && nameOf(version) === nameOf(own));
  if (!own || isRouted) return undefined;
  return {
    found: `${nameOf(current)} is current, and this worker, ${nameOf(own)}, gets no new runs before it is ramped up`,
    fix: deployment('set-ramping-version', own, '--percentage', '10'),
  };
}

/** The runs that are pinned to versions without workers. */
interface Stranded {
  readonly query: string;
  readonly count: number;
  /** The newest runs, at most {@link MOST_SHOWN}. */
  readonly shown: readonly { readonly workflowId: string; readonly version: string }[];
}

const MOST_SHOWN = 5;

async function findStranded(
  client: Client,
  taskQueue: string,
  polled: readonly DeploymentVersion[],
): Promise<Stranded | undefined> {
  const quote = (value: string) => JSON.stringify(value);
  const alive = polled.map((version) => quote(nameOf(version))).join(', ');
  const query = [
    'ExecutionStatus = "Running"',
    `TaskQueue = ${quote(taskQueue)}`,
    'TemporalWorkflowVersioningBehavior = "Pinned"',
    ...(alive ? [`TemporalWorkerDeploymentVersion NOT IN (${alive})`] : []),
  ].join(' AND ');
  try {
    const { count } = await client.workflow.count(query);
    if (count === 0) return undefined;
    const shown = [];
    for await (const { workflowId, searchAttributes } of client.workflow.list({
      query,
      pageSize: MOST_SHOWN,
    })) {
      const [version] = searchAttributes['TemporalWorkerDeploymentVersion'] ?? [];
      shown.push({ workflowId, version: String(version) });
      if (shown.length === MOST_SHOWN) break;
    }
    return { query, count, shown };
  } catch (error) {
    // A server that lacks these search attributes has no Worker Versioning, and so no pinned runs.
    const { cause } = error instanceof Error ? error : {};
    if (isGrpcError(cause, 'INVALID_ARGUMENT')) return undefined;
    throw error;
  }
}

function strandedFault(
  { query, count, shown }: Stranded,
  { workflow, deployment }: Commands,
): VersioningFault {
  const runs = shown.map(({ workflowId, version }) => `${workflowId} (${version})`);
  const more = count > shown.length ? ` and ${count - shown.length} more` : '';
  const versions = [...new Set(shown.map(({ version }) => version))];
  const describe = versions.map((version) => {
    const [deploymentName = '', buildId = ''] = version.split(':');
    return deployment('describe-version', { deploymentName, buildId });
  });
  const move = workflow('update-options', '--query', query, '--versioning-override-behavior', 'auto_upgrade');
  return {
    found: `${count} ${count === 1 ? 'run is' : 'runs are'} pinned to a version without workers: ${runs.join(', ')}${more}`,
    fix:
      `start workers of ${versions.join(', ')} until they have drained (${describe.join('; ')}), ` +
      `or move the runs to the version that gets new runs: ${move}`,
  };
}
