/**
 * What a fleet of imports costs: `npm run bench -- fleet [JOBS] [KILLS]`.
 *
 * With 0 jobs it plans 2,000,000 objects in 50,000 folders, which a synthetic S3 lists, and kills the worker half way. Otherwise it
 * imports JOBS folders (default: 2,000) into a local AWS with `limits=scaled:30`, at 30 times the default rate, and kills the worker KILLS
 * times (default: 0). All numbers about calls and jobs are from the local AWS, and not from what the run says of itself.
 */
import { readFileSync } from 'node:fs';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { Client, Connection } from '@temporalio/client';
import { startChild, type Child } from '../dev/children.ts';
import { promptTimers, startTemporalServer } from '../dev/temporal-server.ts';
import { LocalAwsControl } from '../local-aws/control.ts';
import { startLocalAws } from '../local-aws/server.ts';
import { FlowClient } from '../src/client.ts';
import { image, imageSize, imagingClient } from './support/dicom.ts';
import { startSyntheticS3 } from './support/synthetic-s3.ts';

process.env['AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED'] = 'true';

const SPEED = 30;
const [, , jobsArgument = '2000', killsArgument = '0'] = process.argv;
const JOBS = Number(jobsArgument);
const KILLS = Number(killsArgument);
const roleArn = 'arn:aws:iam::123456789012:role/import';
const folder = await mkdtemp(join(tmpdir(), 'bench-fleet-'));

/** The peak memory of a process, in MB. */
const peakOf = ({ pid }: Child) =>
  Math.round(Number(/VmHWM:\s+(\d+)/.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1]) / 1_000);
const memoryOf = ({ pid }: Child) =>
  Math.round(Number(/VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1]) / 1_000);

interface Stage {
  readonly flows: FlowClient;
  worker: Child;
  restart(): Promise<void>;
  stop(): Promise<void>;
}

async function startStage(endpoint: string): Promise<Stage> {
  const temporal = await startTemporalServer({ headless: true, port: 0, dynamicConfig: [promptTimers] });
  const taskQueue = 'bench-fleet';
  const env = {
    ...process.env,
    AWS_REGION: 'us-east-1',
    AWS_ACCESS_KEY_ID: 'bench',
    AWS_SECRET_ACCESS_KEY: 'bench',
    AWS_ENDPOINT_URL: endpoint,
    TEMPORAL_ADDRESS: temporal.address,
    TEMPORAL_TASK_QUEUE: taskQueue,
    ACTIVITY_START_TO_CLOSE: '5s',
    STICKY_SCHEDULE_TO_START: '500ms',
  };
  const start = () =>
    startChild(process.execPath, ['dist/src/cli.js', 'worker'], {
      name: 'worker',
      logFile: join(folder, 'worker.log'),
      env,
    });
  const connection = await Connection.connect({ address: temporal.address });
  const stage: Stage = {
    flows: new FlowClient(new Client({ connection }), taskQueue),
    worker: start(),
    async restart() {
      await stage.worker.kill();
      stage.worker = start();
    },
    async stop() {
      await connection.close();
      await stage.worker.kill();
      await temporal.stop();
    },
  };
  return stage;
}

/** The runs of a workflow id, the oldest first, with the lengths of their histories and their largest payload. */
async function historiesOf({ flows }: Stage, workflowId: string) {
  const { workflow } = flows.temporal;
  const runs: { events: number; bytes: number; payload: number }[] = [];
  for await (const { runId } of workflow.list({ query: `WorkflowId = "${workflowId}"` })) {
    const history = await workflow.getHandle(workflowId, runId).fetchHistory();
    const events = history.events ?? [];
    const { raw } = await workflow.getHandle(workflowId, runId).describe();
    const sizes = JSON.stringify(events).matchAll(/"data":"([^"]*)"|"data":\{[^}]*\}/g);
    const payload = Math.max(0, ...[...sizes].map(([text]) => text.length));
    runs.push({
      events: events.length,
      bytes: Number(raw.workflowExecutionInfo?.historySizeBytes),
      payload,
    });
  }
  return runs;
}

const say = (what: string, value: string | number) => console.log(`${what.padEnd(58)}${value}`);

async function plan(): Promise<void> {
  const s3 = await startSyntheticS3({
    count: 2_000_000,
    size: 500_000,
    keyOf: (index) =>
      `in/study-${String(Math.floor(index / 40)).padStart(5, '0')}/${String(index % 40).padStart(2, '0')}.dcm`,
  });
  const stage = await startStage(s3.endpoint);
  const began = performance.now();
  const run = await stage.flows.start(
    'importAllDicom',
    {
      datastoreId: 'd'.repeat(32),
      dataAccessRoleArn: roleArn,
      inputS3Uri: 's3://input/in/',
      outputS3Uri: 's3://output/',
      planOnly: true,
    },
    { workflowId: 'plan' },
  );
  const held = s3.held();
  s3.holdFrom(1_000);
  await held;
  const before = peakOf(stage.worker);
  s3.release();
  await stage.restart();
  const result = await run.result();
  const [history] = await historiesOf(stage, 'plan');
  console.log('A plan of 2,000,000 objects in 50,000 folders, with a kill of the worker half way');
  say('jobs', result.imports.planned);
  say('files', result.files.planned);
  say('time, with the kill', `${Math.round((performance.now() - began) / 1_000)} s`);
  say('lists (2,000 pages, and those that divide the folders)', s3.lists);
  say('peak memory of the worker', `${Math.max(before, peakOf(stage.worker))} MB`);
  say('history', `${history?.events} events, ${history?.bytes} bytes`);
  await stage.stop();
  await s3.close();
}

async function run(): Promise<void> {
  const data = join(folder, 'aws');
  const aws = await startLocalAws({
    data,
    settings: {
      limits: `scaled:${SPEED}`,
      maxLoggedCalls: 1_000_000,
      datastoreCreateMs: 0,
      dicomImportSubmittedMs: Math.round(10_000 / SPEED),
      dicomImportMs: Math.round(20_000 / SPEED),
    },
  });
  for (let index = 0; index < JOBS; index++) {
    const study = join(data, 's3/input/in', `study-${String(index).padStart(5, '0')}`);
    await mkdir(study, { recursive: true });
    await writeFile(join(study, '1.dcm'), image(`1.2.${index}`, `1.2.${index}.1`, imageSize(16)));
  }
  const imaging = imagingClient(aws.endpoint);
  const { datastoreId = '' } = await imaging.createDatastore({});
  await pause(200);
  await mkdir(join(data, 's3/output'), { recursive: true });
  const stage = await startStage(aws.endpoint);
  const began = performance.now();
  const fleet = await stage.flows.start(
    'importAllDicom',
    {
      datastoreId,
      dataAccessRoleArn: roleArn,
      inputS3Uri: 's3://input/in/',
      outputS3Uri: 's3://output/',
      filesPerJob: 1,
      startsPerSecond: 0.8 * SPEED,
      lookInterval: Math.round(10_000 / SPEED),
    },
    { workflowId: 'fleet' },
  );
  const memory: number[] = [];
  let [ended, kills] = [0, 0];
  const follow = async () => {
    for await (const { counters } of stage.flows.watch('fleet')) {
      ended = counters?.['ended'] ?? ended;
      if (ended >= JOBS * 0.1 && memory.length === 0) memory.push(memoryOf(stage.worker));
      if (ended >= JOBS * 0.9 && memory.length === 1) memory.push(memoryOf(stage.worker));
      if (kills < KILLS && ended >= (JOBS * (kills + 1)) / (KILLS + 1)) {
        kills += 1;
        await stage.restart();
      }
    }
  };
  const [result] = await Promise.all([fleet.result(), follow()]);
  const seconds = (performance.now() - began) / 1_000;
  const calls = await new LocalAwsControl(aws.endpoint).calls();
  const of = (operation: string) => calls.filter((call) => call.operation === operation);
  const starts = of('StartDICOMImportJob').filter(({ outcome }) => outcome === 'ok');
  const jobIds = new Set(starts.map(({ ids }) => ids['jobId']));
  const throttled = calls.filter(({ outcome }) => outcome === 'ThrottlingException').length;
  const looks = of('GetDICOMImportJob').length + of('ListDICOMImportJobs').length;
  const times = starts.map(({ time }) => time).toSorted((a, b) => a - b);
  const [from = 0, to = 0] = [times[0], times.at(-1)].map(Number);
  // The first and the last minute of AWS's time do not count.
  const edge = 60_000 / SPEED;
  const middle = times.filter((time) => time > from + edge && time < to - edge);
  const used = middle.length / ((to - from - 2 * edge) / 1_000) / (0.8 * SPEED);
  const histories = await historiesOf(stage, 'fleet');
  console.log(
    `\nA fleet of ${JOBS} folders at ${SPEED} times the default rate, with ${kills} kills of the worker`,
  );
  say('outcome', `${result.outcome}: ${result.imports.complete} of ${result.imports.planned} jobs complete`);
  say('time', `${Math.round(seconds)} s`);
  say('jobs in AWS, by its own log', `${jobIds.size} for ${JOBS} folders`);
  say('part of the configured rate that was used', `${(used * 100).toFixed(1)} %`);
  say(
    'throttled calls',
    `${throttled} of ${calls.length} (${((100 * throttled) / calls.length).toFixed(2)} %)`,
  );
  say('calls a job besides its start', (looks / JOBS).toFixed(2));
  say('runs (continued as new)', histories.length);
  say('longest history', `${Math.max(...histories.map(({ events }) => events))} events`);
  say('largest history', `${Math.max(...histories.map(({ bytes }) => bytes))} bytes`);
  say('events a job', (histories.reduce((sum, { events }) => sum + events, 0) / JOBS).toFixed(2));
  say('memory of the worker after 10 % and 90 % of the jobs', memory.map((mb) => `${mb} MB`).join(', '));
  await stage.stop();
  await aws.close();
}

try {
  if (JOBS > 0) await run();
  else await plan();
} finally {
  await rm(folder, { recursive: true });
}
