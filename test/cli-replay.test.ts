/** `replay` finds the runs that the installed workflows would break, and says which runs it has not replayed. */
import { join } from 'node:path';
import { Client, type Connection } from '@temporalio/client';
import type { PayloadCodec } from '@temporalio/common';
import { NativeConnection, Worker } from '@temporalio/worker';
import { replayRuns, type ReplayedRun } from '../src/worker/replay.ts';
import { localAws, until } from './local-aws/harness.ts';
import { cliEnvironment, program, runCliInTurn } from './support/cli.ts';
import { quietRuntime, withCluster, type Cluster } from './support/cluster.ts';
import { Pty } from './support/pty.ts';

const DAY = 86_400_000;
const otherCode = { workflowsPath: join(import.meta.dirname, 'support/other-workflows.ts') };

let cluster: Cluster;
let env: NodeJS.ProcessEnv;

// Creating a data store takes longer than the tests, so the runs stay open.
withCluster(
  () => localAws({ datastoreCreateMs: DAY }),
  async (aws, started) => {
    cluster = started;
    env = cliEnvironment(cluster, aws.endpoint);
    quietRuntime();
    for (const name of ['one', 'two', 'three']) await startReal(name);
  },
);

const workflows = () => cluster.flows.temporal.workflow;

/** Waits until visibility, which is eventually consistent, shows a run that has recorded a number of events. */
async function untilRecorded(client: Client, workflowId: string, events: number): Promise<void> {
  const { runId } = await client.workflow.getHandle(workflowId).describe();
  await until(
    async () => (await client.workflow.getHandle(workflowId, runId).fetchHistory()).events?.length ?? 0,
    (length) => length >= events,
  );
  const query = `WorkflowId = "${workflowId}"`;
  await until(
    () => client.workflow.count(query),
    ({ count }) => count === 1,
  );
}

async function startReal(workflowId: string): Promise<void> {
  await cluster.flows.start('provisionDatastore', { datastoreName: workflowId }, { workflowId });
  await untilRecorded(cluster.flows.temporal, workflowId, 10);
}

/** Starts a run of {@link otherCode} on a task queue. A worker executes it up to its timer, and then shuts down. */
async function startOther(type: string, taskQueue: string, args: unknown[], client = cluster.flows.temporal) {
  const connection = await NativeConnection.connect({ address: cluster.address });
  const { dataConverter } = client.options;
  const worker = await Worker.create({
    connection,
    taskQueue,
    ...otherCode,
    ...(dataConverter && { dataConverter }),
  });
  const workflowId = `other-${type}`;
  await worker.runUntil(async () => {
    await client.workflow.start(type, { taskQueue, workflowId, args });
    await untilRecorded(client, workflowId, 5);
  });
  await connection.close();
  return workflowId;
}

const replay = (...args: string[]) => runCliInTurn(['replay', ...args], env);

const answer = async (...args: string[]) => {
  const { code, stdout, stderr } = await replay('--json', ...args);
  return { code, stderr, ...(JSON.parse(stdout) as object) };
};

const all = async (runs: AsyncIterable<ReplayedRun>) => {
  const found: ReplayedRun[] = [];
  for await (const run of runs) found.push(run);
  return found;
};

test('open runs that replay are counted, and the exit code is 0', async () => {
  expect(await replay()).toMatchObject({ code: 0, stdout: '3 of 3 runs replay.\n' });
  expect(await answer()).toEqual({
    code: 0,
    stderr: '',
    replayed: 3,
    broken: [],
    unreadable: [],
    notReplayed: { beyondLimit: 0, otherTypes: 0 },
  });
});

test('says how many runs exceed the limit, and how to replay them', async () => {
  const { code, stdout } = await replay('--limit', '1');
  expect([code, stdout]).toEqual([
    0,
    '1 of 1 runs replay.\nNot replayed: 2 older runs. To replay all: aws-health-workflows replay --limit all\n',
  ]);
  expect(await answer('--limit', 'all')).toMatchObject({ replayed: 3 });
});

test('a query chooses the runs', async () => {
  expect(await answer('--query', 'WorkflowId = "two" OR WorkflowId = "three"')).toMatchObject({
    replayed: 2,
  });
  expect(await answer('--query', 'WorkflowId = "none"')).toMatchObject({ code: 0, replayed: 0 });
});

test('shows a count on a terminal while it replays', async () => {
  const terminal = new Pty({ ...env, TEMPORAL_ADDRESS: cluster.address });
  try {
    await terminal.until(/ready> /);
    terminal.type(`"${process.execPath}" "${program}" replay\n`);
    await terminal.until(/\d of 3 runs replayed/);
    await terminal.until(/3 of 3 runs replay\.[^]*ready> /);
  } finally {
    await terminal.close();
  }
});

test('a run that other code has started would break: it is listed with the reason, and the exit code is 1', async () => {
  const workflowId = await startOther('tagImageSet', 'elsewhere', [{}]);
  const { code, stdout, stderr } = await replay();
  expect(code).toBe(1);
  expect(stdout).toMatch(/^WORKFLOW ID +RUN ID +FLOW +WHY\n/);
  expect(stdout).toMatch(/\nother-tagImageSet +\S+ +tagImageSet +\[TMPRL1100\] Nondeterminism error: .+\n/);
  expect(stdout).toMatch(/\n3 of 4 runs replay\.\n$/);
  expect(stderr).toBe(
    '1 run would break. Keep workers of the old version running until they have ended, or put the change behind patched().\n',
  );
  expect(await answer()).toMatchObject({
    code: 1,
    replayed: 4,
    broken: [{ workflowId, flow: 'tagImageSet', reason: expect.stringMatching(/^\[TMPRL1100\][^\n]*$/) }],
  });
  await workflows().getHandle(workflowId).terminate();
});

test('runs of other workflow types on the task queue are counted as not replayed', async () => {
  await workflows().start('notOurs', { taskQueue: cluster.taskQueue, workflowId: 'not-ours', args: [] });
  const { stdout } = await until(
    () => replay(),
    ({ stdout }) => stdout.includes('Not replayed'),
  );
  expect(stdout).toMatch(
    /^Not replayed: 1 run on task queue \S+ of workflow types that are not in this package\.$/m,
  );
  await workflows().getHandle('not-ours').terminate();
});

describe('with a payload codec', () => {
  const codec: PayloadCodec = {
    encode: (payloads) =>
      Promise.resolve(
        payloads.map(({ metadata, data }) => ({
          metadata: {
            encoding: Buffer.from('binary/turned'),
            inner: metadata?.['encoding'] ?? new Uint8Array(),
          },
          data: Uint8Array.from(data ?? []).toReversed(),
        })),
      ),
    decode: (payloads) =>
      Promise.resolve(
        payloads.map(({ metadata, data }) => ({
          metadata: { encoding: metadata?.['inner'] ?? new Uint8Array() },
          data: Uint8Array.from(data ?? []).toReversed(),
        })),
      ),
  };
  let connection: Connection;
  let encoding: Client;
  let workflowId: string;

  beforeAll(async () => {
    connection = cluster.connection;
    encoding = new Client({ connection, dataConverter: { payloadCodecs: [codec] } });
    workflowId = await startOther('greet', 'encoded', ['you'], encoding);
  });

  const query = 'WorkflowType = "greet"';

  test('histories replay if the client has the codec', async () => {
    expect(await all(replayRuns(encoding, query, otherCode))).toEqual([
      { workflowId, runId: expect.any(String), flow: 'greet' },
    ]);
  });

  test('and are reported as unreadable if it lacks the codec', async () => {
    expect(await all(replayRuns(new Client({ connection }), query, otherCode))).toEqual([
      {
        workflowId,
        runId: expect.any(String),
        flow: 'greet',
        problem: {
          kind: 'unreadable',
          reason: expect.stringMatching(/encoding binary\/turned, and this client/),
        },
      },
    ]);
  });

  test('the command does not take them for runs that replay', async () => {
    await encoding.workflow.start('provisionDatastore', {
      taskQueue: 'nobody',
      workflowId: 'encoded',
      args: [{ datastoreName: 'x' }],
    });
    const found = await until(
      () => answer(),
      ({ code }) => code === 1,
    );
    expect(found).toMatchObject({
      replayed: 3,
      broken: [],
      unreadable: [{ workflowId: 'encoded' }],
      stderr: '1 run could not be replayed, because this command has no payload codec.\n',
    });
  });
});
