/** Workers whose data keys come from KMS, which fails, and encryption that is turned on and off while runs wait. */
import { execFile } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { promisify } from 'node:util';
import { Client } from '@temporalio/client';
import { FlowClient } from '../../src/client.ts';
import { clientEncryption } from '../../src/payloads/encryption.ts';
import { archive, eachOnce, jobsInAws } from '../fleet/archive.ts';
import { localAws, type LocalAwsUnderTest } from '../local-aws/harness.ts';
import { cliEnvironment, runCliInTurn } from '../support/cli.ts';
import { awsEnvironment, startWorker, withCluster, type Cluster } from '../support/cluster.ts';
import { polling } from '../support/inputs.ts';
import { workerLog } from '../support/shown.ts';
import { encodedIn, everythingStored } from '../support/stored.ts';

let aws: LocalAwsUnderTest;
let cluster: Cluster;
/** Has the keys. */
let encrypting: FlowClient;

const PAYLOAD_KEYS = 'kms:alias/payloads';

withCluster(
  localAws,
  async (...platform) => {
    [aws, cluster] = platform;
    // Also for the client in this process: the AWS SDK reads it.
    Object.assign(process.env, awsEnvironment(aws.endpoint), { AWS_ENDPOINT_URL_KMS: aws.endpoint });
    const { temporal, taskQueue } = cluster.flows;
    const dataConverter = await clientEncryption({ PAYLOAD_KEYS }, 'default');
    const options = { connection: cluster.connection, ...(dataConverter && { dataConverter }) };
    encrypting = new FlowClient(new Client({ ...options, namespace: temporal.options.namespace }), taskQueue);
  },
  { withWorker: false },
);

afterEach(async () => {
  await aws.control.resetFaults();
  await aws.control.settings({ datastoreCreateMs: 0 });
});

const twoWorkers = [join(import.meta.dirname, '../support/two-workers.mjs')];

async function withWorker(
  settings: Record<string, string>,
  use: () => Promise<unknown>,
  command?: readonly string[],
): Promise<void> {
  const kms = { AWS_ENDPOINT_URL_KMS: aws.endpoint };
  const worker = startWorker({ ...cluster.workerEnvironment, ...kms, ...settings }, command);
  try {
    await use();
  } finally {
    await worker.kill();
  }
}

let made = 0;
const start = (flows: FlowClient) =>
  flows.start('provisionDatastore', { datastoreName: `store-${made++}`, polling });

/** Waits until a run has made its data store, which is CREATING until the test settles it. */
async function creating(flows: FlowClient, workflowId: string): Promise<void> {
  while ((await flows.whereabouts(workflowId))?.status !== 'CREATING') await pause(50);
}

const calls = async (operation: string) =>
  (await aws.control.calls()).filter((call) => call.operation === operation);

/** The texts of the workflow tasks of a run that have failed, waiting for the first one. */
async function failedTask(workflowId: string): Promise<string> {
  const handle = encrypting.temporal.workflow.getHandle(workflowId);
  for (;;) {
    const { events } = await handle.fetchHistory();
    const failed = events?.find(({ workflowTaskFailedEventAttributes: task }) => task);
    if (failed) return JSON.stringify(failed.workflowTaskFailedEventAttributes?.failure);
    await pause(50);
  }
}

describe('an outage of KMS', () => {
  test('at the start of a worker delays it, and the run is then executed', async () => {
    const run = await start(encrypting);
    await aws.control.failNext({ operation: 'GenerateDataKey', error: 'AccessDeniedException' });
    await aws.control.dropConnection({ operation: 'GenerateDataKey', when: 'before', count: 3 });
    // KMS's client makes three attempts. It takes an answer after more than five seconds for none.
    await aws.control.failNext({ operation: 'GenerateDataKey', error: 'ThrottlingException', count: 3 });
    await aws.control.hold({ operation: 'GenerateDataKey' });
    await withWorker({ PAYLOAD_KEYS }, () => run.result());
    for (const reason of ['AccessDeniedException', 'ThrottlingException']) {
      expect(workerLog()).toContain(`The worker waits for its first data key: ${reason}`);
    }
    expect(await run.result()).toMatchObject({ datastoreStatus: 'ACTIVE' });
  });

  test('in the middle of runs ends neither run nor worker, whether KMS denies, throttles, breaks off or does not answer', async () => {
    const operation = 'GenerateDataKey';
    const faults = [
      () => aws.control.failNext({ operation, error: 'AccessDeniedException' }),
      () => aws.control.failNext({ operation, error: 'ThrottlingException', count: 3 }),
      () => aws.control.dropConnection({ operation, when: 'before', count: 3 }),
      () => aws.control.hold({ operation }),
    ];
    await withWorker({ PAYLOAD_KEYS, PAYLOAD_KEY_LIFE: '1ms' }, async () => {
      await (await start(encrypting)).result();
      for (const fault of faults) {
        await fault();
        const run = await start(encrypting);
        expect(await run.result()).toMatchObject({ datastoreStatus: 'ACTIVE' });
      }
    });
    expect(workerLog()).toMatch(/no new one can be had \(failed attempts: 1\): AccessDeniedException/);
  });

  test('that keeps a worker from decrypting fails workflow tasks, which are repeated', async () => {
    const run = await start(encrypting);
    await aws.control.failNext({ operation: 'Decrypt', error: 'AccessDeniedException' });
    await aws.control.failNext({ operation: 'Decrypt', error: 'ThrottlingException', count: 3 });
    await withWorker({ PAYLOAD_KEYS }, () => run.result());
    await failedTask(run.workflowId);
    expect(await run.result()).toMatchObject({ datastoreStatus: 'ACTIVE' });
  });

  test('that keeps a worker from decrypting the inputs of activities ends no run, and no job is started twice', async () => {
    const fleet = await archive(aws, 3);
    await withWorker(
      { PAYLOAD_KEYS },
      async () => {
        const store = await start(encrypting);
        expect(await encrypting.execute('importAllDicom', fleet)).toMatchObject({
          outcome: 'complete',
          imports: { planned: 3, complete: 3 },
        });
        expect(await store.result()).toMatchObject({ datastoreStatus: 'ACTIVE' });
      },
      twoWorkers,
    );
    expect(await jobsInAws(aws, fleet)).toEqual(eachOnce(3));
    expect(workerLog()).toContain('Failed to parse activity args for activity startImports');
  });
});

describe('encryption that is turned on or off while a run waits', () => {
  test('is on: the plain run goes on, and its result is encrypted', async () => {
    await aws.control.settings({ datastoreCreateMs: 'never' });
    const run = await start(cluster.flows);
    await withWorker({}, () => creating(cluster.flows, run.workflowId));
    await withWorker({ PAYLOAD_KEYS }, async () => {
      await aws.control.settleAll();
      expect(await encrypting.result(run.workflowId)).toMatchObject({ datastoreStatus: 'ACTIVE' });
    });
    await expect(run.result()).rejects.toThrow('Unknown encoding: binary/aws-health-encrypted-1');
    expect(workerLog()).toMatch(/Payloads came in clear text, although PAYLOAD_KEYS is set \(count: 1\)/);
  });

  test('is off: the encrypted run stands still, and goes on when the keys are there again', async () => {
    await aws.control.settings({ datastoreCreateMs: 'never' });
    const run = await start(encrypting);
    await withWorker({ PAYLOAD_KEYS }, () => creating(encrypting, run.workflowId));
    await aws.control.settleAll();
    await withWorker({}, async () => {
      expect(await failedTask(run.workflowId)).toContain('Unknown encoding');
    });
    await withWorker({ PAYLOAD_KEYS }, () => run.result());
    expect(await run.result()).toMatchObject({ datastoreStatus: 'ACTIVE' });
  });

  test('is required: a run whose input came in clear text is not executed', async () => {
    const run = await start(cluster.flows);
    const before = (await calls('CreateDatastore')).length;
    await withWorker({ PAYLOAD_KEYS, REQUIRE_ENCRYPTION: '1' }, () => failedTask(run.workflowId));
    expect((await calls('CreateDatastore')).length).toBe(before);
    await run.terminate();
  });
});

test('the command line encrypts and decrypts with the same setting, and replays encrypted runs', async () => {
  const env = { ...cliEnvironment(cluster, aws.endpoint), AWS_ENDPOINT_URL_KMS: aws.endpoint };
  const args = ['start', 'provisionDatastore', '--datastoreName', 'by-command', '--json'];
  await withWorker({ PAYLOAD_KEYS, REQUIRE_ENCRYPTION: '1' }, async () => {
    const { stdout, stderr } = await runCliInTurn([...args, '--watch'], { ...env, PAYLOAD_KEYS });
    expect(stderr).toBe('');
    expect(stdout).toContain('"ACTIVE"');
  });
  const { workflowId = '' } = (await encrypting.list({ all: true, limit: 1 }))[0] ?? {};
  expect((await runCliInTurn(['result', workflowId], { ...env, PAYLOAD_KEYS })).stdout).toContain('ACTIVE');
  const { stderr } = await runCliInTurn(['result', workflowId], env);
  expect(stderr).toMatch(
    /encoded as binary\/aws-health-encrypted-1\. Set TEMPORAL_CODEC_ENDPOINT .* PAYLOAD_KEYS/,
  );
  const replay = ['replay', '--query', `WorkflowId = "${workflowId}"`];
  expect((await runCliInTurn(replay, { ...env, PAYLOAD_KEYS })).stdout).toContain('1 of 1 runs replay.');
  const lost = await runCliInTurn(replay, { ...env, PAYLOAD_KEYS: 'kms:alias/other' });
  expect(lost.stdout).toMatch(/A payload is encrypted with arn:aws:kms:.*, which PAYLOAD_KEYS does not name/);
});

test('a secret in a variable shows in no log, no error, no list of processes, and nothing that is stored', async () => {
  const names = [
    'AWS_SECRET_ACCESS_KEY',
    'AWS_SESSION_TOKEN',
    'TEMPORAL_API_KEY',
    'TEMPORAL_CODEC_AUTH',
    'CODEC_SERVER_TOKEN',
    'WORKFLOW_ID_KEY',
  ];
  const secrets = Object.fromEntries(
    names.map((name) => [name, `canary-${randomBytes(16).toString('hex')}`]),
  );
  const key = randomBytes(32).toString('base64');
  const keyFile = join(tmpdir(), `ahw-canary-${randomBytes(8).toString('hex')}`);
  await writeFile(keyFile, key);
  // The development server takes any API key, and no TLS.
  const settings = { ...secrets, PAYLOAD_KEYS: `file:${keyFile}`, TEMPORAL_TLS: 'false' };
  const env = { ...cliEnvironment(cluster, aws.endpoint), ...settings };
  const printed: string[] = [];
  const cli = async (args: string[], more: NodeJS.ProcessEnv = {}) => {
    const { stdout, stderr } = await runCliInTurn(args, { ...env, ...more });
    printed.push(stdout, stderr);
  };
  const startNamed = ['start', 'provisionDatastore', '--watch', '--datastoreName', 'canary', '--id'];
  await withWorker(settings, async () => {
    await cli([...startNamed, 'canary']);
    await aws.control.failNext({ operation: 'CreateDatastore', error: 'ValidationException' });
    await cli([...startNamed, 'canary-fails']);
    await cli(['list', '--all', '--json']);
    await cli(['record', 'canary']);
    await cli(['doctor']);
    printed.push((await promisify(execFile)('ps', ['-eo', 'args'])).stdout);
  });
  expect(printed.join('\n')).toMatch(/ACTIVE[^]*ValidationException/);
  await cli(['list'], { TEMPORAL_ADDRESS: '127.0.0.1:1' });
  await cli(['codec-server', '--port', '99999']);
  await cli(['list'], { PAYLOAD_KEYS: key });
  await cli(['start', 'provisionDatastore', '--datastoreName', 'x'], { WORKFLOW_ID_KEY: 'short-canary' });
  const stored = await everythingStored(cluster, ['canary', 'canary-fails']);
  const shown = Buffer.concat([stored, Buffer.from([...printed, workerLog()].join('\n'))]);
  expect(encodedIn(shown, [...Object.values(secrets), key, 'short-canary'])).toEqual([]);
  await rm(keyFile);
});

test.each([
  [
    'a key that does not exist',
    'kms:arn:aws:kms:us-east-1:123456789012:key/a b',
    /KMS does not accept the key/,
  ],
  ['neither a file nor KMS', 'secret', /^PAYLOAD_KEYS must be file:<path> or kms:/m],
])('a worker refuses %s', async (_, keys, said) => {
  const env = { ...cliEnvironment(cluster, aws.endpoint), AWS_ENDPOINT_URL_KMS: aws.endpoint };
  const { code, stderr } = await runCliInTurn(['worker'], { ...env, PAYLOAD_KEYS: keys });
  expect(stderr).toMatch(said);
  expect([code, /\n {4}at /.test(stderr)]).toEqual([1, false]);
});
