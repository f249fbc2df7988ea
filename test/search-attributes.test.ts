/** Search attributes that a namespace has, has lost, or has with another type must not block a run. */
import { setTimeout as pause } from 'node:timers/promises';
import { defineSearchAttributeKey } from '@temporalio/common';
import type { Connection } from '@temporalio/client';
import { lookUpSearchAttributes } from '../src/temporal/namespace-attributes.ts';
import { withCluster, type Cluster } from './support/cluster.ts';
import { datastoreId, fhirInput } from './support/inputs.ts';
import { fhirImportReply } from './support/replies.ts';
import { error, startScriptedAws, type ScriptedAws } from './support/scripted-aws.ts';

let aws: ScriptedAws;
let cluster: Cluster;
let connection: Connection;

withCluster(startScriptedAws, (...platform) => {
  [aws, cluster] = platform;
  ({ connection } = cluster);
});

const namespace = 'default';
// `IndexedValueType` and `WorkflowTaskFailedCause` of Temporal's API.
const [TEXT, KEYWORD, INT] = [1, 2, 3];
const BAD_SEARCH_ATTRIBUTES = 23;

/** The operator service of Temporal Cloud "will result in gRPC unauthorized error" (`Connection.operatorService` of the SDK). */
const asOnCloud = () => ({
  workflowService: connection.workflowService,
  operatorService: { listSearchAttributes: () => Promise.reject(new Error('16 UNAUTHENTICATED')) },
});

async function remove(name: string): Promise<void> {
  await connection.operatorService.removeSearchAttributes({ namespace, searchAttributes: [name] });
  await until(name, 'missing');
}

async function create(name: string, type: number): Promise<void> {
  await connection.operatorService.addSearchAttributes({ namespace, searchAttributes: { [name]: type } });
  await until(name, type === KEYWORD ? 'Keyword' : 'other type');
}

/** Waits until the server's cache shows a change of the search attributes. */
async function until(name: string, state: string): Promise<void> {
  while ((await lookUpSearchAttributes(connection, namespace)).get(name) !== state) await pause(50);
}

afterEach(async () => {
  for (const [name, state] of await lookUpSearchAttributes(connection, namespace)) {
    if (state === 'other type') await remove(name);
    if (state !== 'Keyword') await create(name, KEYWORD);
  }
  // A new worker has an empty cache.
  await cluster.withoutWorker(() => Promise.resolve());
});

test('the search attributes are looked up with the operator service, or with queries if that is refused', async () => {
  const told = async () => ({
    operator: Object.fromEntries(await lookUpSearchAttributes(connection, namespace)),
    cloud: Object.fromEntries(await lookUpSearchAttributes(asOnCloud(), namespace)),
  });
  const all = {
    AwsDatastoreId: 'Keyword',
    AwsImageSetId: 'Keyword',
    AwsJobId: 'Keyword',
    AwsOutcome: 'Keyword',
  };
  expect(await told()).toEqual({ operator: all, cloud: all });

  await remove('AwsJobId');
  await remove('AwsImageSetId');
  await create('AwsJobId', TEXT);
  const some = { ...all, AwsImageSetId: 'missing', AwsJobId: 'other type' };
  while ((await told()).cloud['AwsImageSetId'] !== 'missing') await pause(50);
  expect(await told()).toMatchObject({ operator: some, cloud: some });
});

test('a server that answers neither is an error, not a namespace without search attributes', async () => {
  const down = () => Promise.reject(Object.assign(new Error('14 UNAVAILABLE'), { code: 14 }));
  const server = {
    operatorService: { listSearchAttributes: down },
    workflowService: { countWorkflowExecutions: down },
  };
  await expect(lookUpSearchAttributes(server, namespace)).rejects.toThrow('UNAVAILABLE');
});

const started = { JobId: 'j1', JobStatus: 'SUBMITTED', DatastoreId: datastoreId };

/** Runs an import whose job is started only after `meanwhile`. */
async function importAfter(meanwhile: () => Promise<void>) {
  const busy = error('ThrottlingException', 429);
  aws.script({ StartFHIRImportJob: [busy], DescribeFHIRImportJob: [fhirImportReply('COMPLETED')] });
  const { workflowId } = await cluster.flows.start('startImportAndWaitCompleted', fhirInput);
  const run = cluster.flows.temporal.workflow.getHandle(workflowId);
  while (aws.callsOf('StartFHIRImportJob').length === 0) await pause(20);
  await meanwhile();
  aws.script({ StartFHIRImportJob: [started], DescribeFHIRImportJob: [fhirImportReply('COMPLETED')] });
  expect(await run.result()).toMatchObject({ jobStatus: 'COMPLETED' });
  const { typedSearchAttributes } = await run.describe();
  const { events } = await run.fetchHistory();
  return {
    datastore: typedSearchAttributes.get(defineSearchAttributeKey('AwsDatastoreId', 'KEYWORD')),
    job: typedSearchAttributes.get(defineSearchAttributeKey('AwsJobId', 'KEYWORD')),
    failedTasks: events?.flatMap(({ workflowTaskFailedEventAttributes: task }) => task?.cause ?? []) ?? [],
  };
}

describe('an open run completes although the worker has cached the earlier search attributes', () => {
  test('after a search attribute is removed', async () => {
    const { datastore, job, failedTasks } = await importAfter(() => remove('AwsJobId'));
    expect({ datastore, job }).toEqual({ datastore: datastoreId, job: undefined });
    expect(failedTasks).toContain(BAD_SEARCH_ATTRIBUTES);
  });

  test('after the type of a search attribute has changed to a number', async () => {
    const { job, failedTasks } = await importAfter(async () => {
      await remove('AwsJobId');
      await create('AwsJobId', INT);
    });
    expect(job).toBeUndefined();
    expect(failedTasks).toContain(BAD_SEARCH_ATTRIBUTES);
  });

  test('and if all exist, the run is found by its AWS ids', async () => {
    const { datastore, job, failedTasks } = await importAfter(() => Promise.resolve());
    expect({ datastore, job, failedTasks }).toEqual({ datastore: datastoreId, job: 'j1', failedTasks: [] });
  });
});
