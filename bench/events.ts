/**
 * What EventBridge events save: how often AWS is asked while a job runs, and how long after its end a run sees it.
 *
 *     npm run bench -- events
 *
 * Compares, in one run: runs whose events arrive, runs without events (which is also what a consumer gives that is dead from the
 * start), runs whose consumer dies while their job is in progress, a loop that polls every 30 seconds, and the waiter of the AWS
 * SDK for HealthLake imports, which polls every two minutes.
 *
 * A job of a day would take a day, so each job runs on a clock of its own that is faster: its duration and all intervals of the
 * run are divided by the same number. The numbers of reads are therefore those of the full duration. The time from the end of the
 * job to the read is given in the time of that clock, and for runs with events also in real time. A call takes as long as always, so
 * on the fastest clocks frequent polling makes fewer reads than in a real day. Takes three minutes.
 */
import { mkdir, writeFile } from 'node:fs/promises';
import { mkdtempSync, rmSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { HealthLake, waitUntilFHIRImportJobCompleted } from '@aws-sdk/client-healthlake';
import { MedicalImaging } from '@aws-sdk/client-medical-imaging';
import { SQSClient } from '@aws-sdk/client-sqs';
import { Client, Connection, type WorkflowHandle } from '@temporalio/client';
import { DefaultLogger, Runtime, Worker } from '@temporalio/worker';
import { promptTimers, startTemporalServer } from '../dev/temporal-server.ts';
import { startLocalAws } from '../local-aws/server.ts';
import { EventConsumer } from '../src/events/consumer.ts';
import { EventQueue } from '../src/events/event-queue.ts';
import { RunFinder } from '../src/events/run-finder.ts';
import { DEFAULT_RULES, type RunRules } from '../src/pacing/rules.ts';
import type { Pacing } from '../src/pacing/pacing.ts';
import type { Progress } from '../src/workflows/run/progress.ts';
import { workerOptions } from '../src/worker/worker-options.ts';
import { workflowCode } from '../src/worker/workflow-code.ts';

const SECOND = 1_000;
const MINUTE = 60 * SECOND;
const HOUR = 60 * MINUTE;

/** The durations of the jobs, and how much faster their clocks are. */
const JOBS = [
  { name: '90 s', duration: 90 * SECOND, speed: 4 },
  { name: '10 min', duration: 10 * MINUTE, speed: 20 },
  { name: '2 h', duration: 2 * HOUR, speed: 240 },
  { name: '24 h', duration: 24 * HOUR, speed: 1440 },
] as const satisfies TimedJob[];

interface TimedJob {
  name: string;
  duration: number;
  speed: number;
}

/** What a job took: calls to AWS, and the time from its end until it was seen, in the time of the job's clock. */
interface Cost {
  reads: number;
  late: number;
}

process.env['AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED'] = 'true';

const ROLE = 'arn:aws:iam::123456789012:role/import';
const data = mkdtempSync(path.join(os.tmpdir(), 'bench-events-'));
const queueName = 'health-events';

const aws = await startLocalAws({
  data,
  settings: {
    datastoreCreateMs: 0,
    fhirDatastoreCreateMs: 0,
    dicomImportSubmittedMs: 10,
    dicomImportMs: 'never',
    fhirImportSubmittedMs: 10,
    fhirImportMs: 'never',
    eventQueue: queueName,
  },
});
Object.assign(process.env, {
  AWS_ENDPOINT_URL: aws.endpoint,
  AWS_REGION: 'us-east-1',
  AWS_ACCESS_KEY_ID: 'local',
  AWS_SECRET_ACCESS_KEY: 'local',
});
const client = { endpoint: aws.endpoint, disableHostPrefix: true };
const imaging = new MedicalImaging(client);
const healthlake = new HealthLake(client);
await mkdir(path.join(data, 's3/bench/in'), { recursive: true });
await writeFile(path.join(data, 's3/bench/in/Patient.ndjson'), '{"resourceType":"Patient","id":"p1"}\n');
const { datastoreId = '' } = await imaging.createDatastore({ datastoreName: 'bench' });

Runtime.install({ logger: new DefaultLogger('ERROR') });
const server = await startTemporalServer({ headless: true, port: 0, dynamicConfig: [promptTimers] });
Object.assign(process.env, { TEMPORAL_ADDRESS: server.address, TEMPORAL_TASK_QUEUE: 'bench' });
const connection = await Connection.connect({ address: server.address });
const temporal = new Client({ connection });

const options = await workerOptions(process.env);
const { checkInput } = options.activities;
const worker = await Worker.create({
  ...options,
  ...workflowCode(),
  activities: {
    ...options.activities,
    // A run takes its intervals from the result of this activity.
    checkInput: async (workflow: string, input: { outputS3Uri: string }) => {
      const { rules, ...facts } = await checkInput(workflow, input);
      return { ...facts, rules: faster(rules, speedOf(input.outputS3Uri)) };
    },
  },
});
const working = worker.run();

/** The output's URI says how fast the clock of a job is. */
const outputOf = ({ speed }: TimedJob) => `s3://bench/out-${speed}/`;
const speedOf = (outputS3Uri: string) => Number(/out-(\d+)/.exec(outputS3Uri)?.[1]);

function faster(rules: RunRules, speed: number): RunRules {
  const scaled = <P extends Partial<Pacing>>(pacing: P): P => {
    const entries = Object.entries(pacing).map(([name, value]) => [
      name,
      name === 'share' || name === 'timeout' ? value : value / speed,
    ]);
    return Object.fromEntries(entries);
  };
  const waits = { ...rules.waits, dicomJob: scaled(rules.waits.dicomJob) };
  const { withEvents, jobsWithEvents = DEFAULT_RULES.jobsWithEvents ?? withEvents } = rules;
  return {
    ...rules,
    waits,
    withEvents: scaled(withEvents),
    jobsWithEvents: scaled({ ...DEFAULT_RULES.waits.dicomJob, ...jobsWithEvents }),
  };
}

/** Receives events until it is stopped. */
function startConsumer(): { stop(): Promise<void>; consumer: EventConsumer } {
  const consumer = new EventConsumer({
    temporal,
    queue: new EventQueue(new SQSClient(client), `${aws.endpoint}/123456789012/${queueName}`),
    finder: new RunFinder(temporal, healthlake, { attributes: new Set() }),
    notice: console.error,
  });
  const stopping = new AbortController();
  const running = consumer.run(stopping.signal);
  return {
    consumer,
    stop: async () => {
      stopping.abort();
      await running;
    },
  };
}

interface Started {
  job: TimedJob;
  jobId: string;
  began: number;
  run: WorkflowHandle;
}

async function startRun(job: TimedJob, kind: string): Promise<Started> {
  const run = await temporal.workflow.start('importDicomAndSearch', {
    args: [
      {
        datastoreId,
        dataAccessRoleArn: ROLE,
        inputS3Uri: 's3://bench/in/',
        outputS3Uri: outputOf(job),
        onFileErrors: 'ignore',
      },
    ],
    taskQueue: 'bench',
    workflowId: `${kind} ${job.name}`,
  });
  for (;;) {
    const { ids } = await run.query<Progress>('progress');
    const { jobId } = ids;
    if (jobId !== undefined) return { job, jobId, began: Date.now(), run };
    await sleep(10);
  }
}

async function endJob(kind: 'dicomImportJob' | 'fhirImportJob', id: string, job: TimedJob, began: number) {
  await sleep(began + job.duration / job.speed - Date.now());
  await aws.control.settle({ kind, id });
  return Date.now();
}

async function costOfRun({ job, jobId, began, run }: Started): Promise<Cost> {
  const ended = await endJob('dicomImportJob', jobId, job, began);
  await run.result();
  const { endSeen } = await run.query<Progress>('progress');
  const late = Math.max(Date.parse(endSeen?.at ?? '') - ended, 0) * job.speed;
  return { reads: await callsAbout(jobId, 'GetDICOMImportJob'), late };
}

const callsAbout = async (jobId: string, operation: 'GetDICOMImportJob' | 'DescribeFHIRImportJob') => {
  const calls = await aws.control.calls({ operation });
  return calls.filter(({ ids }) => Object.values(ids).includes(jobId)).length;
};

/** Polls every 30 seconds, as scripts do. */
async function costOfFixedPolling(job: TimedJob): Promise<Cost> {
  const { jobId = '' } = await imaging.startDICOMImportJob({
    datastoreId,
    dataAccessRoleArn: ROLE,
    inputS3Uri: 's3://bench/in/',
    outputS3Uri: outputOf(job),
    clientToken: `fixed-${job.speed}`,
  });
  const ending = endJob('dicomImportJob', jobId, job, Date.now());
  let reads = 0;
  for (;;) {
    const { jobProperties } = await imaging.getDICOMImportJob({ datastoreId, jobId });
    reads += 1;
    if (jobProperties?.jobStatus === 'COMPLETED' || jobProperties?.jobStatus === 'FAILED') break;
    await sleep((30 * SECOND) / job.speed);
  }
  const seen = Date.now();
  return { reads, late: Math.max(seen - (await ending), 0) * job.speed };
}

/** Waits as the AWS SDK does by default. */
async function costOfWaiter(job: TimedJob): Promise<Cost> {
  const { DatastoreId = '' } = await healthlake.createFHIRDatastore({ DatastoreTypeVersion: 'R4' });
  await aws.control.settle({ kind: 'fhirDatastore', id: DatastoreId });
  const { JobId = '' } = await healthlake.startFHIRImportJob({
    DatastoreId,
    InputDataConfig: { S3Uri: 's3://bench/in/' },
    JobOutputDataConfig: { S3Configuration: { S3Uri: outputOf(job), KmsKeyId: 'alias/bench' } },
    DataAccessRoleArn: ROLE,
    ClientToken: `waiter-${job.speed}`,
  });
  const ending = endJob('fhirImportJob', JobId, job, Date.now());
  const delay = (2 * MINUTE) / job.speed / SECOND;
  await waitUntilFHIRImportJobCompleted(
    { client: healthlake, minDelay: delay, maxDelay: delay, maxWaitTime: 24 * 60 * 60 },
    { DatastoreId, JobId },
  );
  const seen = Date.now();
  const reads = await callsAbout(JobId, 'DescribeFHIRImportJob');
  return { reads, late: Math.max(seen - (await ending), 0) * job.speed };
}

const all = <T, R>(items: readonly T[], run: (item: T) => Promise<R>) => Promise.all(items.map(run));

const consuming = startConsumer();
const { consumer } = consuming;
const [withEvents, fixed, waiter] = await Promise.all([
  all(JOBS, async (job) => costOfRun(await startRun(job, 'events'))),
  all(JOBS, costOfFixedPolling),
  all(JOBS, costOfWaiter),
]);

const signalled = () => consumer.counters.report().outcomes.signalled ?? 0;
const before = signalled();
// Half an hour of the slower clocks would be minutes.
const fast = JOBS.map((job) => ({ ...job, speed: Math.max(job.speed, 240) }));
const orphans = await all(fast, (job) => startRun(job, 'consumer dies'));
// Each job has had its events Submitted and In Progress.
while (signalled() < before + 2 * orphans.length) await sleep(10);
await consuming.stop();
const [dying, without] = await Promise.all([
  all(orphans, costOfRun),
  all(JOBS, async (job) => costOfRun(await startRun(job, 'no events'))),
]);

worker.shutdown();
await working;
await options.connection.close();
await connection.close();
await server.stop();
await aws.close();
rmSync(data, { recursive: true });

const time = (milliseconds: number) =>
  milliseconds < 2 * MINUTE
    ? `${Math.round(milliseconds / SECOND)} s`
    : `${Math.round(milliseconds / MINUTE)} min`;
const columns = {
  'with events': withEvents,
  'consumer dies': dying,
  'without events': without,
  'every 30 s': fixed,
  "AWS's waiter": waiter,
};
console.log(['a job of', ...Object.keys(columns)].map((text) => text.padEnd(16)).join(''));
for (const [row, { name }] of JOBS.entries()) {
  const cells = Object.values(columns).map((costs) => {
    const { reads = 0, late = 0 } = costs[row] ?? {};
    return `${reads}, ${time(late)}`;
  });
  console.log([name, ...cells].map((text) => text.padEnd(16)).join(''));
}
console.log('Each cell: how often AWS was asked, and how long after its end the job was seen to have ended.');
const { ends } = consumer.counters.report();
const slowest = Math.max(...JOBS.map(({ speed }, row) => (withEvents[row]?.late ?? 0) / speed));
console.log(`With events, the end was seen ${Math.round(slowest)} ms of real time after it at the latest.`);
console.log(`Of ${ends.asked} ends that the consumer asked about, an event showed ${ends.byEvent} first.`);

/** What docs/events.md promises. */
const broken = JOBS.flatMap(({ name, duration }, row) => [
  ...((withEvents[row]?.reads ?? 0) > 3 + duration / (30 * MINUTE)
    ? [`${name}: too many reads with events`]
    : []),
  ...((dying[row]?.late ?? 0) > 31 * MINUTE
    ? [`${name}: seen more than 30 minutes late after the consumer died`]
    : []),
]);
if (slowest > SECOND) broken.push('with events, an end was seen more than a second late');
if (broken.length > 0) {
  console.error(broken.join('\n'));
  process.exitCode = 1;
}
