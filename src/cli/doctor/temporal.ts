/** What `doctor` looks at of Temporal: the server and the namespace, the worker and its versions, the search attributes. */
import { Connection } from '@temporalio/client';
import { isRecord } from '../../lib/guards.ts';
import { lookUpSearchAttributes, type AttributeState } from '../../temporal/namespace-attributes.ts';
import { describeTaskQueue, type TaskQueueType } from '../../temporal/task-queue-pollers.ts';
import { readTemporalConfig } from '../../temporal/temporal-config.ts';
import { lookUpVersioning, nameOf } from '../../temporal/versioning.ts';
import { readSettings } from '../../worker/settings.ts';
import { shellCommand } from '../terminal.ts';
import { Fault, needed, reasonOf, type Examination } from './examination.ts';

/** The codes of gRPC (https://grpc.io/docs/guides/status-codes/). */
const [GRPC_NOT_FOUND, GRPC_PERMISSION_DENIED, GRPC_UNAUTHENTICATED] = [5, 7, 16];

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
  const code = isRecord(error) ? error['code'] : undefined;
  if (code === GRPC_NOT_FOUND) {
    const create = ['temporal', 'operator', 'namespace', 'create', '--address', address];
    return new Fault(
      `there is no namespace ${namespace} at ${address}`,
      `set TEMPORAL_NAMESPACE to one that is there, or make it: ${shellCommand(...create, '--namespace', namespace)}`,
    );
  }
  if (code === GRPC_PERMISSION_DENIED || code === GRPC_UNAUTHENTICATED) {
    return new Fault(
      `${address} refuses us namespace ${namespace} (${reasonOf(error)})`,
      'set TEMPORAL_NAMESPACE and TEMPORAL_API_KEY, or the TLS certificate, to what belongs together',
    );
  }
  return new Fault(
    `no Temporal server answers at ${address} (${reasonOf(error)})`,
    'set TEMPORAL_ADDRESS (and TEMPORAL_TLS, TEMPORAL_API_KEY …), or start one: npm run dev',
  );
}

const refusedTo = (what: string) => (error: unknown) =>
  new Fault(reasonOf(error), `allow these credentials of Temporal to ${what}`);

/**
 * A worker counts if it may be alive: Temporal lists one for minutes after it has died. Its workflow tasks and its
 * activity tasks are polled for apart, and a run needs both.
 */
async function findWorkers({ connection, namespace }: Temporal, taskQueue: string): Promise<string> {
  const start = `start one: TEMPORAL_TASK_QUEUE=${taskQueue} npm run worker; or set TEMPORAL_TASK_QUEUE to the one that it has`;
  const pollersOf = async (type: TaskQueueType) => {
    const { pollers } = await describeTaskQueue(connection, namespace, taskQueue, type);
    const alive = pollers.filter(({ mayBeAlive }) => mayBeAlive);
    if (alive.length > 0) return alive;
    const [last] = pollers;
    const ended = last && `; ${last.identity} did ${seconds(last.age)} ago, and has ended`;
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
  const also = others.length > 0 ? `; workers of ${others.join(', ')} poll, too` : '';
  return `${nameOf(current)} is current${also}`;
}

async function findSearchAttributes({ connection, namespace }: Temporal): Promise<string[]> {
  const found = await lookUpSearchAttributes(connection, namespace);
  const states = [...found].filter(([, state]) => state !== 'Keyword');
  if (states.length > 0) throw unusableAttributes(states, namespace);
  return [...found.keys()];
}

/** Search attributes that no run can set. A type cannot be changed: the attribute has to be made anew. */
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
    `${described.join(', ')}; runs do without`,
    `${commands.join('; ')} (on Temporal Cloud: in the settings of the namespace)`,
  );
}
