/** Follows `docs/deploying.md`: every command, in order, on a real server, and the flow with its patch. */
import { execFile, execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { promisify } from 'node:util';
import { startChild, type Child } from '../../dev/children.ts';
import { replayRuns, type ReplayedRun } from '../../src/worker/replay.ts';
import { localAws, until, type LocalAwsUnderTest } from '../local-aws/harness.ts';
import { blocksOf } from '../support/blocks.ts';
import { cliEnvironment, program, runCli } from '../support/cli.ts';
import {
  awsEnvironment,
  quietRuntime,
  required,
  startCluster,
  startWorker,
  type Cluster,
} from '../support/cluster.ts';
import { fhirInput, polling } from '../support/inputs.ts';
import { startStage, type Stage } from '../support/stage.ts';

const execute = promisify(execFile);
const root = join(import.meta.dirname, '../..');
const folder = mkdtempSync(join(tmpdir(), 'deploying-'));
afterAll(() => rmSync(folder, { recursive: true }));

/** `VersioningBehavior` of the Temporal API. */
const BEHAVIORS = ['UNSPECIFIED', 'PINNED', 'AUTO_UPGRADE'];

describe('the commands', () => {
  let aws: LocalAwsUnderTest;
  let cluster: Cluster;
  const workers = new Map<string, Child>();
  const commands = blocksOf('docs/deploying.md', 'sh').flatMap((block) => block.trim().split('\n'));

  beforeAll(async () => {
    // Creating a data store takes longer than the tests, so the runs stay open.
    aws = await localAws({ datastoreCreateMs: 86_400_000, fhirDatastoreCreateMs: 86_400_000 });
    cluster = await startCluster(aws.endpoint, {
      withWorker: false,
      // By default, the server reports a version as drained only after three minutes.
      dynamicConfig: [
        'matching.wv.VersionDrainageStatusRefreshInterval="1s"',
        'matching.wv.VersionDrainageStatusVisibilityGracePeriod="1s"',
      ],
    });
    symlinkSync(required('AHW_TEST_TEMPORAL'), join(folder, 'temporal'));
    const npx = `#!/bin/sh\nshift\nexec "${process.execPath}" "${program}" "$@"\n`;
    writeFileSync(join(folder, 'npx'), npx, { mode: 0o755 });
  });
  afterAll(async () => {
    await Promise.all([...workers.values()].map((worker) => worker.kill()));
    await cluster.stop();
    await aws.close();
  });

  const handle = (workflowId: string) => cluster.flows.temporal.workflow.getHandle(workflowId);
  const environment = () => ({
    ...process.env,
    ...cliEnvironment(cluster, aws.endpoint),
    PATH: `${folder}${delimiter}${process.env['PATH']}`,
  });
  /** The versioning behavior of a run, and its version. */
  const versioningOf = async (workflowId: string) => {
    const { raw } = await handle(workflowId).describe();
    const { behavior, deploymentVersion } = raw.workflowExecutionInfo?.versioningInfo ?? {};
    return [BEHAVIORS[Number(behavior)], deploymentVersion?.buildId];
  };
  const untilVersioning = (workflowId: string, ...expected: unknown[]) =>
    until(
      () => versioningOf(workflowId),
      (found) => found[1] === expected[1],
    ).then((found) => expect([workflowId, ...found]).toEqual([workflowId, ...expected]));
  const eventsOf = async (workflowId: string) =>
    (await handle(workflowId).fetchHistory()).events?.length ?? 0;
  const untilItGoesOn = async (workflowId: string) => {
    const before = await eventsOf(workflowId);
    await until(
      () => eventsOf(workflowId),
      (now) => now > before,
    );
  };
  const startPinned = (workflowId: string) =>
    cluster.flows.start('provisionDatastore', { datastoreName: workflowId, polling }, { workflowId });
  const startUpgrading = (workflowId: string) => {
    const { InputS3Uri, OutputS3Uri, OutputKmsKeyId, DataAccessRoleArn } = fhirInput;
    const input = { InputS3Uri, OutputS3Uri, OutputKmsKeyId, DataAccessRoleArn, polling };
    return cluster.flows.start(
      'provisionDatastoreAndImport',
      { DatastoreName: 'x', DatastoreTypeVersion: 'R4', ...input },
      { workflowId },
    );
  };
  const versionsFinding = async () => {
    const { stdout } = await runCli(['doctor', '--json'], environment());
    const findings = JSON.parse(stdout) as { check: string }[];
    return findings.find(({ check }) => check === 'worker versions');
  };

  /** Runs a command with a shell, as a user does. A command that starts a worker stays in the background. */
  async function run(command: string): Promise<string> {
    const [, name, id] =
      /^TEMPORAL_DEPLOYMENT_NAME=(\S+) TEMPORAL_WORKER_BUILD_ID=(\S+) (?:npx )?aws-health-workflows worker$/.exec(
        command,
      ) ?? [];
    if (name !== undefined && id !== undefined) {
      const own = { TEMPORAL_DEPLOYMENT_NAME: name, TEMPORAL_WORKER_BUILD_ID: id };
      workers.set(id, startWorker({ ...cluster.workerEnvironment, ...own }));
      return '';
    }
    const { stdout } = await execute('/bin/sh', ['-c', command], { env: environment() });
    return stdout;
  }
  /** Retries the next command of the document until it succeeds: the server knows a version a moment after its worker polls. */
  async function next(begin: RegExp, isDone: (output: string) => boolean = () => true): Promise<string> {
    const command = commands.shift() ?? '';
    expect(command).toMatch(begin);
    for (let tries = 1; ; tries++) {
      const output = await run(command).catch((error: unknown) => {
        if (tries === 50) throw error;
      });
      if (output !== undefined && isDone(output)) return output;
      await pause(200);
    }
  }
  const untilItSays = (id: string, said: RegExp) =>
    until(
      () => Promise.resolve(workers.get(id)?.output() ?? ''),
      (output) => said.test(output),
    );

  test('replay, before there is any run', async () => {
    expect(await next(/^npx aws-health-workflows replay/)).toBe('0 of 0 runs replay.\n');
  });

  test('without a current version new runs stay unstarted, and the worker and doctor say what helps', async () => {
    await next(/^TEMPORAL_DEPLOYMENT_NAME=aws-health TEMPORAL_WORKER_BUILD_ID=1/);
    const found = 'Worker Deployment aws-health has no current version: new runs stay unstarted';
    const fix =
      'temporal worker deployment set-current-version --deployment-name aws-health --build-id 1 --namespace default';
    await untilItSays('1', new RegExp(`Worker Versioning: ${found}. To mend it: ${fix}\n`));
    expect(await until(versionsFinding, (finding) => finding !== undefined && 'fix' in finding)).toEqual({
      check: 'worker versions',
      status: 'failed',
      found,
      fix,
    });
    await startPinned('pinned');
    await startUpgrading('upgrading');
    expect(await eventsOf('pinned')).toBe(2);
  });

  test('with a current version they start: pinned, or on the current version', async () => {
    await next(/^temporal worker deployment set-current-version .*--build-id 1/);
    await untilVersioning('pinned', 'PINNED', '1');
    await untilVersioning('upgrading', 'AUTO_UPGRADE', '1');
    expect(await versionsFinding()).toMatchObject({ status: 'ok', found: 'aws-health:1 is current' });
  });

  test('a second version gets no new runs before it is ramped, and its worker prints the command', async () => {
    await next(/^TEMPORAL_DEPLOYMENT_NAME=aws-health TEMPORAL_WORKER_BUILD_ID=2/);
    await untilItSays(
      '2',
      /aws-health:1 is current, and this worker, aws-health:2, gets no new runs before it is ramped up\. To mend it: temporal worker deployment set-ramping-version --deployment-name aws-health --build-id 2 --percentage 10 --namespace default\n/,
    );
    await next(/^temporal worker deployment set-ramping-version .* --percentage 10/);
    const list = await next(/^npx aws-health-workflows list --all/);
    expect(list).toMatch(/\npinned +provisionDatastore +RUNNING/);
    await next(/^temporal worker deployment set-ramping-version .* --delete/);
    await startPinned('before');
    await untilVersioning('before', 'PINNED', '1');
    await handle('before').terminate();
  });

  test('once it is current, it gets new runs and those that are not pinned, and pinned runs stay', async () => {
    await next(/^temporal worker deployment set-current-version .*--build-id 2/);
    await untilVersioning('upgrading', 'AUTO_UPGRADE', '2');
    await startPinned('new');
    await untilVersioning('new', 'PINNED', '2');
    await untilItGoesOn('pinned');
    expect(await versioningOf('pinned')).toEqual(['PINNED', '1']);
    await next(/^temporal worker deployment describe-version/, (shown) =>
      /DrainageStatus +draining/.test(shown),
    );
  });

  test('doctor names a pinned run whose version has no workers, and its command moves the run', async () => {
    await workers.get('1')?.kill();
    const query = `ExecutionStatus = "Running" AND TaskQueue = "${cluster.taskQueue}" AND TemporalWorkflowVersioningBehavior = "Pinned" AND TemporalWorkerDeploymentVersion NOT IN ("aws-health:2")`;
    const move = `temporal workflow update-options --query '${query}' --versioning-override-behavior auto_upgrade --namespace default`;
    expect(await until(versionsFinding, (finding) => finding !== undefined && 'fix' in finding)).toEqual({
      check: 'worker versions',
      status: 'failed',
      found: '1 run is pinned to a version without workers: pinned (aws-health:1)',
      fix:
        'start workers of aws-health:1 until they have drained (temporal worker deployment describe-version ' +
        `--deployment-name aws-health --build-id 1 --namespace default), or move the runs to the version that gets new runs: ${move}`,
    });
    // doctor exits with 1, because it has found a problem.
    const shown = await run(commands.shift() ?? '').catch(({ stdout }: { stdout: string }) => stdout);
    expect(shown).toMatch(/^✗ worker versions +1 run is pinned to a version without workers/m);
    expect(await next(/^npx aws-health-workflows replay --query/)).toBe('1 of 1 runs replay.\n');
    await next(/^temporal workflow update-options/);
    await untilVersioning('pinned', 'PINNED', '2');
    await untilItGoesOn('pinned');
    await run(`${move} --yes`);
    expect(
      await until(versionsFinding, (finding) => finding !== undefined && !('fix' in finding)),
    ).toMatchObject({
      status: 'ok',
    });
    const drained = 'temporal worker deployment describe-version --deployment-name aws-health --build-id 1';
    await until(
      () => run(drained),
      (shown) => /DrainageStatus +drained/.test(shown),
    );
  });

  test('all commands of the document were run', () => {
    expect(commands).toEqual([]);
  });

  test('a worker reports when it starts that the current version has no workers, and names the runs pinned to it', async () => {
    await workers.get('2')?.kill();
    const own = { TEMPORAL_DEPLOYMENT_NAME: 'aws-health', TEMPORAL_WORKER_BUILD_ID: '3' };
    workers.set('3', startWorker({ ...cluster.workerEnvironment, ...own, VERSIONING_BEHAVIOR: 'PINNED' }));
    const use = 'temporal worker deployment set-current-version --deployment-name aws-health --build-id 3';
    await untilItSays(
      '3',
      new RegExp(`no worker of the current version aws-health:2 polls.* ${use} --namespace`),
    );
    await untilItSays(
      '3',
      /Worker Versioning: 1 run is pinned to a version without workers: new \(aws-health:2\)\. To/,
    );
    commands.push(`${use} --yes`);
    await next(/./);
    await startUpgrading('all-pinned');
    await untilVersioning('all-pinned', 'PINNED', '3');
  });
});

describe('the flow with its patch', () => {
  const [code = ''] = blocksOf('docs/deploying.md', 'ts');
  const VERSIONS = {
    before: code.replace(/patched\('[\w-]+'\)/, 'false'),
    unpatched: code.replace(/patched\('[\w-]+'\)/, 'true'),
    patched: code,
  };
  const pathOf = (version: keyof typeof VERSIONS) => join(folder, `${version}.js`);
  let stage: Stage;
  let input: { datastoreId: string; imageSetId: string; delay: number };

  beforeAll(async () => {
    quietRuntime();
    stage = await startStage();
    const imageSetId = await stage.imageSet(1);
    input = { datastoreId: stage.datastoreId, imageSetId, delay: 10_000 };
    writeFileSync(join(folder, 'package.json'), '{"type": "module"}');
    writeFileSync(
      join(folder, 'worker.js'),
      `import { Worker } from '@temporalio/worker';
      import { workerOptions } from 'aws-health-workflows/worker';
      const options = await workerOptions(process.env);
      await (await Worker.create({ ...options, workflowsPath: process.argv[2] })).run();`,
    );
    mkdirSync(join(folder, 'node_modules'));
    symlinkSync(root, join(folder, 'node_modules/aws-health-workflows'));
    symlinkSync(join(root, 'node_modules/@temporalio'), join(folder, 'node_modules/@temporalio'));
    for (const [version, source] of Object.entries(VERSIONS)) {
      // The compiler would report a module that the other two import and that is missing.
      writeFileSync(
        join(folder, `${version}.ts`),
        source.replace(version === 'patched' ? /^$/ : 'patched, ', ''),
      );
    }
    const options = ['--strict', '--module', 'nodenext', '--target', 'es2022', '--skipLibCheck'];
    const files = Object.keys(VERSIONS).map((version) => `${version}.ts`);
    execFileSync(join(root, 'node_modules/.bin/tsc'), [...options, ...files], { cwd: folder, stdio: 'pipe' });
  });
  afterAll(() => stage.stop());

  const startVersion = (version: keyof typeof VERSIONS) =>
    startChild(process.execPath, ['worker.js', pathOf(version)], {
      name: version,
      logFile: join(folder, `${version}.log`),
      cwd: folder,
      env: {
        ...process.env,
        ...awsEnvironment(stage.aws.endpoint),
        TEMPORAL_ADDRESS: stage.cluster.address,
        TEMPORAL_TASK_QUEUE: 'patched',
        STICKY_SCHEDULE_TO_START: '200ms',
      },
    });
  const start = (workflowId: string, delay = input.delay) =>
    stage.cluster.flows.temporal.workflow.start('reportImageSetLater', {
      taskQueue: 'patched',
      workflowId,
      args: [{ ...input, delay }],
    });
  const activitiesOf = async (workflowId: string) => {
    const { events } = await stage.cluster.flows.temporal.workflow.getHandle(workflowId).fetchHistory();
    const types = events?.map((event) => event.activityTaskScheduledEventAttributes?.activityType?.name);
    return types?.filter((type) => type !== undefined);
  };
  const replay = async (version: keyof typeof VERSIONS) => {
    const found: ReplayedRun[] = [];
    const code = { workflowsPath: pathOf(version) };
    for await (const run of replayRuns(stage.cluster.flows.temporal, 'WorkflowId = "old"', code))
      found.push(run);
    return found.map(({ workflowId, problem }) => [workflowId, problem?.kind]);
  };

  test('a run that started before the patch completes without the new call, and one that starts after makes it', async () => {
    const before = startVersion('before');
    const old = await start('old');
    await until(
      async () => (await old.fetchHistory()).events ?? [],
      (events) => events.some(({ timerStartedEventAttributes }) => timerStartedEventAttributes),
    );
    await before.kill();
    expect((await old.describe()).status.name).toBe('RUNNING');
    expect(
      await until(
        () => replay('unpatched'),
        (runs) => runs.length > 0,
      ),
    ).toEqual([['old', 'breaks']]);
    expect(await replay('patched')).toEqual([['old', undefined]]);

    const after = startVersion('patched');
    try {
      expect(await old.result()).toEqual({ state: 'ACTIVE' });
      expect(await activitiesOf('old')).toEqual(['getImageSet']);
      expect(await (await start('new', 1)).result()).toEqual({ state: 'ACTIVE' });
      expect(await activitiesOf('new')).toEqual(['getDatastore', 'getImageSet']);
    } finally {
      await after.kill();
    }
  });
});
