/** The checks of Temporal: settings, server, namespace, worker, worker versions and search attributes. */
import { ourCommand } from '../../lib/shell-command.ts';
import { isGrpcError } from '../../temporal/grpc.ts';
import { Connection } from '@temporalio/client';
import { lookUpSearchAttributes, type AttributeState } from '../../temporal/namespace-attributes.ts';
import { describeTaskQueue, type TaskQueueType } from '../../temporal/task-queue-pollers.ts';
import { readTemporalConfig } from '../../temporal/temporal-config.ts';
import { lookUpVersioning, nameOf } from '../../temporal/versioning.ts';
import { readSettings } from '../../worker/settings.ts';
import { shellCommand } from '../terminal.ts';
import { Fault, needed, reasonOf, type Examination } from './examination.ts';

/** The codes of gRPC (https://grpc.io/docs/guides/status-codes/). */

interface Temporal {
  readonly connection: Connection;
  readonly address: string;
  readonly namespace: string;
}

export async function examineTemporal(examination: Examination): Promise<void> {
  const settings = await examination.check({
    name: 'settings',
    look: () => Promise.resolve(readSettings(process.env)),
    tell: ({ taskQueue }) => `task queue ${taskQueue}`,
  });
  const temporal = await examination.check({
    name: 'Temporal',
    look: connect,
    tell: ({ address, namespace }) => `${address}, namespace ${namespace}`,
  });
  await examination.check({
    name: 'worker',
    needs: ['settings', 'Temporal'],
    look: () => findWorkers(needed(temporal), needed(settings).taskQueue),
    tell: (found) => found,
    faultOf: refusedTo('read the task queue'),
  });
  await examination.check({
    name: 'worker versions',
    needs: ['worker'],
    look: () => findVersions(needed(temporal), needed(settings).taskQueue),
    tell: (found) => found,
    faultOf: refusedTo('read the task queue and its runs'),
  });
  await examination.check({
    name: 'search attributes',
    needs: ['Temporal'],
    look: () => findSearchAttributes(needed(temporal)),
    tell: (names) => names.join(', '),
    faultOf: refusedTo('read the namespace'),
  });
  await temporal?.connection.close();
}

async function connect(): Promise<Temporal> {
  const { connectionOptions, namespace, address } = readTemporalConfig();
  const faultOf = (error: unknown) => connectionFault(error, address, namespace);
  const connection = await Connection.connect({ connectTimeout: 3_000, ...connectionOptions }).catch(
    (error: unknown) => {
      throw faultOf(error);
    },
  );
  try {
    await connection.workflowService.describeNamespace({ namespace });
    return { connection, address, namespace };
  } catch (error) {
    await connection.close();
    throw faultOf(error);
  }
}

function connectionFault(error: unknown, address: string, namespace: string): Fault {
  if (isGrpcError(error, 'NOT_FOUND')) {
    const create = ['temporal', 'operator', 'namespace', 'create', '--address', address];
    return new Fault(
      `there is no namespace ${namespace} at ${address}`,
      `set TEMPORAL_NAMESPACE to an existing namespace, or create it: ${shellCommand(...create, '--namespace', namespace)}`,
    );
  }
  if (isGrpcError(error, 'PERMISSION_DENIED', 'UNAUTHENTICATED')) {
    return new Fault(
      `${address} denies access to namespace ${namespace} (${reasonOf(error)})`,
      'set TEMPORAL_NAMESPACE, and TEMPORAL_API_KEY or a TLS certificate that is valid for this namespace',
    );
  }
  return new Fault(
    `no Temporal server answers at ${address} (${reasonOf(error)})`,
    'set TEMPORAL_ADDRESS (and TEMPORAL_TLS, TEMPORAL_API_KEY …), or start one: temporal server start-dev',
  );
}

const refusedTo = (what: string) => (error: unknown) =>
  new Fault(reasonOf(error), `allow these Temporal credentials to ${what}`);

/**
 * Finds the workers that poll the task queue. Temporal lists a worker for minutes after it has died, so only recent pollers
 * count. Workers poll for workflow tasks and for activity tasks separately, and a run needs both.
 */
async function findWorkers({ connection, namespace }: Temporal, taskQueue: string): Promise<string> {
  const start = `start one: TEMPORAL_TASK_QUEUE=${taskQueue} ${ourCommand('worker')}; or set TEMPORAL_TASK_QUEUE to the task queue of your worker`;
  const pollersOf = async (type: TaskQueueType) => {
    const { pollers } = await describeTaskQueue(connection, namespace, taskQueue, type);
    const alive = pollers.filter(({ mayBeAlive }) => mayBeAlive);
    if (alive.length > 0) return alive;
    const [last] = pollers;
    const ended = last && `; ${last.identity} last polled ${seconds(last.age)} ago and has stopped`;
    throw new Fault(`no worker polls task queue ${taskQueue} for ${type} tasks${ended ?? ''}`, start);
  };
  const workers = await pollersOf('workflow');
  await pollersOf('activity');
  const ages = workers.map(({ identity, age }) => `${identity}, last poll ${seconds(age)} ago`);
  return `${workers.length} on task queue ${taskQueue} (${ages.join('; ')})`;
}

const seconds = (age: number) => `${Math.round(age / 1_000)} s`;

async function findVersions({ connection, namespace }: Temporal, taskQueue: string): Promise<string> {
  const { current, polled, faults } = await lookUpVersioning(connection, namespace, taskQueue);
  if (faults.length > 0) {
    throw new Fault(faults.map(({ found }) => found).join('; '), faults.map(({ fix }) => fix).join('; '));
  }
  if (!current) return 'Worker Versioning is off';
  const others = polled.map(nameOf).filter((name) => name !== nameOf(current));
  const also = others.length > 0 ? `; workers of ${others.join(', ')} also poll` : '';
  return `${nameOf(current)} is current${also}`;
}

async function findSearchAttributes({ connection, namespace }: Temporal): Promise<string[]> {
  const found = await lookUpSearchAttributes(connection, namespace);
  const states = [...found].filter(([, state]) => state !== 'Keyword');
  if (states.length > 0) throw unusableAttributes(states, namespace);
  return [...found.keys()];
}

/** The fault for search attributes that runs cannot set. Temporal cannot change a type, so such an attribute must be recreated. */
function unusableAttributes(
  states: readonly (readonly [string, AttributeState])[],
  namespace: string,
): Fault {
  const described = states.map(([name, state]) =>
    state === 'missing' ? `${name} is missing` : `${name} is not of type Keyword`,
  );
  const command = (verb: string, name: string) =>
    `temporal operator search-attribute ${verb} --namespace ${namespace} --name ${name}`;
  const commands = states.flatMap(([name, state]) => [
    ...(state === 'missing' ? [] : [`${command('remove', name)} --yes`]),
    `${command('create', name)} --type Keyword`,
  ]);
  return new Fault(
    `${described.join(', ')}; runs continue without ${states.length === 1 ? 'it' : 'them'}`,
    `${commands.join('; ')} (on Temporal Cloud: in the settings of the namespace)`,
  );
}
