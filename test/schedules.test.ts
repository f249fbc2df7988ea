/** Recurring imports on a real Temporal server and the local AWS: how their schedules are defined, and what they do. */
import { execFile } from 'node:child_process';
import { rm, utimes } from 'node:fs/promises';
import path from 'node:path';
import { promisify } from 'node:util';
import { ScheduleNotFoundError, WorkflowFailedError, type ScheduleOptionsAction } from '@temporalio/client';
import type { RecurringImport } from '../src/schedules.ts';
import { localAws, putFiles, until, type LocalAwsUnderTest } from './local-aws/harness.ts';
import { required, withCluster, type Cluster } from './support/cluster.ts';
import { failureOf } from './support/failure.ts';
import { recordHistory } from './support/histories.ts';
import { fhirImportOf } from './support/inputs.ts';
import { fireOnce as fireScheduleOnce, untilFired } from './support/schedules.ts';

type FhirImport = RecurringImport<'startImportAndWaitCompleted'>;

let aws: LocalAwsUnderTest;
let cluster: Cluster;
let DatastoreId: string;

withCluster(localAws, (...platform) => ([aws, cluster] = platform));
beforeAll(async () => {
  ({ DatastoreId = '' } = await aws.healthlake.createFHIRDatastore({ DatastoreTypeVersion: 'R4' }));
});
afterEach(async () => {
  await aws.control.resetFaults();
  await aws.control.settings({ fhirImportMs: 0 });
});

let made = 0;
const newId = () => `schedule-${++made}`;

/** A recurring import of its own bucket, whose timetable fires only once a year. */
function yearly(
  bucket: string,
  more: Partial<Omit<FhirImport, 'input' | 'cron' | 'every'>> & {
    cron?: string;
    input?: Partial<FhirImport['input']>;
  } = {},
) {
  return {
    flow: 'startImportAndWaitCompleted',
    cron: '0 0 1 1 *',
    ...more,
    input: { ...fhirImportOf(DatastoreId, bucket), ...more.input },
  } satisfies FhirImport;
}

const putPatient = (bucket: string, key: string) =>
  putFiles(aws.data, bucket, { [key]: '{"resourceType":"Patient","id":"p1"}\n' });

/** The folders that the import jobs of a bucket have read, oldest job first. */
async function imported(bucket: string): Promise<string[]> {
  const { ImportJobPropertiesList = [] } = await aws.healthlake.listFHIRImportJobs({
    DatastoreId,
    MaxResults: 500,
  });
  return ImportJobPropertiesList.toSorted((a, b) => Number(a.SubmitTime) - Number(b.SubmitTime))
    .map(({ InputDataConfig }) => InputDataConfig?.S3Uri ?? '')
    .filter((uri) => uri.startsWith(`s3://${bucket}/`));
}

const fired = (id: string, times: number) => untilFired(cluster.flows, id, times);

const fireOnce = (id: string) => fireScheduleOnce(cluster.flows, id);

describe('recurringImport', () => {
  test('started by hand, expands its start time, and returns the result of the flow', async () => {
    const today = new Date().toISOString().slice(0, 10);
    await putPatient('by-hand', `in/${today}/Patient.ndjson`);
    const { input } = yearly('by-hand');
    const run = await cluster.flows.start('recurringImport', {
      flow: 'startImportAndWaitCompleted',
      input: { ...input, InputS3Uri: 's3://by-hand/in/{yyyy}-{MM}-{dd}/' },
    });
    const importWorkflowId = `${run.workflowId}-import`;
    expect(await run.result()).toMatchObject({
      status: 'imported',
      inputS3Uri: `s3://by-hand/in/${today}/`,
      objects: 1,
      import: { workflowId: importWorkflowId, result: { outcome: 'complete', jobStatus: 'COMPLETED' } },
    });
    const child = await cluster.flows.temporal.workflow.getHandle(importWorkflowId).describe();
    expect(child.type).toBe('startImportAndWaitCompleted');
    expect(await child.staticSummary()).toBe('start-import-and-wait-completed');
    recordHistory('recurringImport', await run.fetchHistory());
  });

  test('is skipped if the folder contains nothing but its placeholder object', async () => {
    const { flow, input } = yearly('empty');
    await aws.s3.putObject({ Bucket: 'empty', Key: 'in/', Body: new Uint8Array() });
    const run = await cluster.flows.start('recurringImport', { flow, input });
    expect(await run.result()).toMatchObject({ status: 'skipped', reason: 'nothing is there', objects: 0 });
    expect(await imported('empty')).toEqual([]);
    recordHistory('recurringImport.skipped', await run.fetchHistory());
  });

  test('of a bucket that does not exist fails at once, with the AWS error name', async () => {
    const { flow, input } = yearly('never-made');
    expect(await failureOf(cluster.flows.execute('recurringImport', { flow, input }))).toMatchObject({
      type: 'NoSuchBucket',
    });
  });

  test("the flow's failure is the run's one failure", async () => {
    await putPatient('failing', 'in/Patient.ndjson');
    await aws.control.failOutcome({ operation: 'StartFHIRImportJob', message: 'as planted' });
    const { flow, input } = yearly('failing');
    expect(await failureOf(cluster.flows.execute('recurringImport', { flow, input }))).toMatchObject({
      type: 'ImportJobFailed',
      message: expect.stringContaining('pollImportJob'),
      details: { step: 'pollImportJob', status: 'FAILED', ids: { datastoreId: DatastoreId } },
    });
  });

  /** A run whose import is in progress and will not end by itself. */
  async function underWay(bucket: string) {
    await putPatient(bucket, 'in/Patient.ndjson');
    await aws.control.settings({ fhirImportMs: 'never' });
    const { flow, input } = yearly(bucket);
    const run = await cluster.flows.start('recurringImport', { flow, input });
    const importWorkflowId = `${run.workflowId}-import`;
    const progress = await until(
      () => cluster.flows.whereabouts(importWorkflowId),
      (now) => now?.ids['jobId'] !== undefined,
    );
    const settle = () => aws.control.settle({ kind: 'fhirImportJob', id: progress?.ids['jobId'] ?? '' });
    return { run, importWorkflowId, settle };
  }

  test.each(['terminate', 'cancel'] as const)(
    'whose import run somebody ends (%s) fails, and says that the AWS job may continue',
    async (end) => {
      const { run, importWorkflowId, settle } = await underWay(`end-${end}`);
      await cluster.flows.temporal.workflow.getHandle(importWorkflowId)[end]();
      expect(await failureOf(run.result())).toMatchObject({ type: 'OutcomeUnknown' });
      await settle();
    },
  );

  test('that is cancelled names the run of its import', async () => {
    const { run, importWorkflowId, settle } = await underWay('cancelled');
    await cluster.flows.cancel(run.workflowId);
    await expect(run.result()).rejects.toBeInstanceOf(WorkflowFailedError);
    const { status, memo } = await run.describe();
    expect([status.name, memo]).toEqual(['CANCELLED', { importWorkflowId }]);
    await settle();
  });

  test('an invalid input fails with one ValidationFailed, and no call is made', async () => {
    const calls = (await aws.control.calls()).length;
    const input = { ...yearly('bad').input, ClientToken: 'SECRET' };
    const start = cluster.flows.temporal.workflow.start('recurringImport', {
      args: [{ flow: 'startImportAndWaitCompleted', input }],
      taskQueue: cluster.taskQueue,
      workflowId: newId(),
    });
    const { type, message } = await failureOf(start.then((run) => run.result()));
    expect(type).toBe('ValidationFailed');
    expect(message).toContain('input.ClientToken is not for recurring imports');
    expect(message).not.toContain('SECRET');
    expect(await aws.control.calls()).toHaveLength(calls);
  });
});

describe('ensure', () => {
  test('creates a schedule, leaves it unchanged, then changes only what is different', async () => {
    const { schedules } = cluster.flows;
    const id = newId();
    const nightly = yearly('ensure', { cron: '0 2 * * *', timeZone: 'Europe/Berlin' });
    expect(await schedules.ensure(id, nightly)).toEqual({ outcome: 'created', changed: [] });
    expect(await schedules.ensure(id, nightly)).toEqual({ outcome: 'unchanged', changed: [] });

    await schedules.pause(id, 'maintenance');
    const changed = { ...nightly, cron: '30 2 * * *', offset: '-1 day', jitter: '5 minutes' } as const;
    const input = { ...nightly.input, JobName: 'nightly-{dd}' };
    const updated = await schedules.ensure(id, { ...changed, input });
    expect(updated.outcome).toBe('updated');
    expect(updated.changed.toSorted()).toEqual(['cron', 'input.JobName', 'jitter', 'offset']);
    expect(await schedules.ensure(id, { ...changed, input })).toMatchObject({ outcome: 'unchanged' });
    expect(await schedules.describe(id)).toMatchObject({ paused: true, note: 'maintenance' });
    expect(await schedules.ensure(id, nightly)).toMatchObject({ outcome: 'updated' });
  });

  test('sets every default explicitly', async () => {
    const id = newId();
    await cluster.flows.schedules.ensure(id, yearly('defaults'));
    const { policies, spec, action } = await cluster.flows.temporal.schedule.getHandle(id).describe();
    expect(policies).toEqual({ overlap: 'BUFFER_ONE', catchupWindow: 3_600_000, pauseOnFailure: false });
    expect(spec).toMatchObject({ jitter: 60_000, timezone: 'UTC', calendars: [{ comment: '0 0 1 1 *' }] });
    expect(action).toMatchObject({
      workflowType: 'recurringImport',
      workflowId: id,
      taskQueue: cluster.taskQueue,
      staticSummary: `start-import-and-wait-completed · schedule ${id}`,
    });
  });

  test('finds and reverts what somebody has changed by hand', async () => {
    const id = newId();
    const wanted = yearly('by-hand-changed', { cron: '@daily' });
    await cluster.flows.schedules.ensure(id, wanted);
    await cluster.flows.temporal.schedule.getHandle(id).update((schedule) => ({
      ...schedule,
      action: schedule.action as ScheduleOptionsAction,
      spec: { calendars: [{ hour: 7 }] },
      policies: { ...schedule.policies, overlap: 'ALLOW_ALL' },
    }));
    const { changed } = await cluster.flows.schedules.ensure(id, wanted);
    expect(changed).toEqual(expect.arrayContaining(['cron', 'overlap', 'jitter']));
    expect(await cluster.flows.schedules.ensure(id, wanted)).toMatchObject({ outcome: 'unchanged' });
  });

  test('twice at the same time creates one schedule', async () => {
    const id = newId();
    const both = await Promise.all([1, 2].map(() => cluster.flows.schedules.ensure(id, yearly('race'))));
    expect(both.map(({ outcome }) => outcome).toSorted()).toEqual(['created', 'unchanged']);
  });

  test.each<[string, object, RegExp]>([
    [
      'an unknown template',
      { input: { InputS3Uri: 's3://bucket/{day}/' } },
      /input.InputS3Uri holds a brace/,
    ],
    ['a client token', { input: { ClientToken: 'x' } }, /input.ClientToken is not for recurring imports/],
    ['an unknown member', { cronn: 'x' }, /cronn is not known here \(did you mean cron\?\)/],
    ['two timetables', { every: '1 hour' }, /cron or every must be given, and not both/],
    ['no timetable', { cron: undefined }, /cron or every must be given/],
    ['a cron with a time zone', { cron: 'TZ=UTC 0 2 * * *' }, /cron must be five fields/],
    [
      'a cron that Temporal cannot parse',
      { cron: '99 * * * *' },
      /is not understood: Minute is not in range/,
    ],
  ])('rejects %s', async (_, more, problem) => {
    const id = newId();
    const wanted = { ...yearly('refused', more) };
    await expect(cluster.flows.schedules.ensure(id, wanted)).rejects.toMatchObject({
      type: 'ValidationFailed',
      message: expect.stringMatching(problem),
    });
    await expect(cluster.flows.schedules.describe(id)).rejects.toBeInstanceOf(ScheduleNotFoundError);
  });

  test('leaves a schedule of another workflow type unchanged', async () => {
    const id = newId();
    const action = { type: 'startWorkflow', workflowType: 'another', taskQueue: 'q' } as const;
    await cluster.flows.temporal.schedule.create({ scheduleId: id, spec: {}, action });
    const { schedules } = cluster.flows;
    const notOurs = /starts another and is not ours/;
    await expect(schedules.ensure(id, yearly('foreign'))).rejects.toThrow(notOurs);
    await expect(schedules.trigger(id)).rejects.toThrow(notOurs);
    await expect(schedules.pause(id)).rejects.toThrow(notOurs);
    await expect(schedules.delete(id)).rejects.toThrow(notOurs);
  });
});

describe('a schedule', () => {
  test('makes up for 30 missed days with exactly 30 correct imports', async () => {
    const { schedules } = cluster.flows;
    const id = newId();
    // The range contains a leap day and the start of daylight saving time. An hour of jitter must not move a firing to the
    // folder of the next day.
    const days = Array.from({ length: 30 }, (_, day) => {
      const date = new Date(Date.UTC(2024, 1, 28 + day)).toISOString();
      return date.slice(0, 10).replaceAll('-', '/');
    });
    for (const day of days) await putPatient('missed', `in/${day}/Patient.ndjson`);
    const input = { ...yearly('missed').input, InputS3Uri: 's3://missed/in/{yyyy}/{MM}/{dd}/' };
    const timeZone = 'America/New_York';
    await schedules.ensure(id, yearly('missed', { cron: '59 23 * * *', jitter: '1 hour', timeZone, input }));
    const range = { from: new Date('2024-02-28T23:59:00-05:00'), to: new Date('2024-03-28T23:59:00-04:00') };
    expect(await schedules.backfill(id, range)).toBe(30);
    await fired(id, 30);
    expect(await imported('missed')).toEqual(days.map((day) => `s3://missed/in/${day}/`));
    expect((await schedules.describe(id)).counts.fired).toBe(30);
  });

  test('counts all firings of a backfill, however many', async () => {
    const { schedules } = cluster.flows;
    const id = newId();
    await schedules.ensure(id, yearly('many', { cron: '* * * * *' }));
    const range = { from: new Date('2026-01-01T00:00:00Z'), to: new Date('2026-01-01T23:59:00Z') };
    expect(await schedules.backfill(id, range)).toBe(24 * 60);
    await schedules.delete(id);
  });

  test('whose backfill is stopped makes no more of its firings, and is otherwise unchanged', async () => {
    const { schedules, temporal } = cluster.flows;
    const id = newId();
    await putPatient('stopped', 'in/Patient.ndjson');
    await aws.control.settings({ fhirImportMs: 'never' });
    await schedules.ensure(id, yearly('stopped', { cron: '* * * * *', catchupWindow: '1 minute' }));
    await schedules.pause(id, 'why');
    const before = await schedules.describe(id);
    // More firings than Temporal buffers of a backfill.
    const range = { from: new Date('2026-01-01T00:00:00Z'), to: new Date('2026-01-01T23:59:00Z') };
    await schedules.backfill(id, range);
    const under = await until(
      () => schedules.describe(id),
      ({ running, waiting }) => running.length === 1 && waiting > 0,
    );
    expect(under.paused).toBe(true);

    expect(await schedules.stopBackfill(id)).toBeGreaterThan(0);
    const { recurringImport, note } = before;
    expect(await schedules.describe(id)).toMatchObject({
      recurringImport,
      note,
      paused: true,
      running: under.running,
      waiting: 0,
      counts: { fired: 1 },
    });
    // The open run is the last of the backfill: a trigger now fires right after it.
    await temporal.workflow.getHandle(under.running[0] ?? '').terminate();
    await aws.control.settings({ fhirImportMs: 0 });
    // The job continues in HealthLake, and the next job would have to wait for it.
    await settleJobs();
    expect(await fireOnce(id)).toMatchObject({ status: 'imported' });
    expect(await schedules.describe(id)).toMatchObject({ counts: { fired: 2 }, waiting: 0 });
    await schedules.delete(id);
  });

  test('that has lost its action, because stopping a backfill was interrupted, is created again', async () => {
    const { schedules, temporal } = cluster.flows;
    const scheduleId = newId();
    await putPatient('actionless', 'in/Patient.ndjson');
    await schedules.ensure(scheduleId, yearly('actionless'));
    const of = { namespace: 'default', scheduleId };
    const { schedule } = await temporal.workflowService.describeSchedule(of);
    await temporal.workflowService.updateSchedule({ ...of, schedule: { ...schedule, action: {} } });
    await until(
      () => temporal.workflowService.describeSchedule(of),
      (now) => !now.schedule?.action?.startWorkflow,
    );
    expect(await schedules.ensure(scheduleId, yearly('actionless'))).toMatchObject({ outcome: 'created' });
    expect(await fireOnce(scheduleId)).toMatchObject({ status: 'imported' });
  });

  test('is not backfilled without a confirmation, or with too many firings', async () => {
    const { schedules } = cluster.flows;
    const id = newId();
    await schedules.ensure(id, yearly('asked', { cron: '* * * * *' }));
    const range = { from: new Date('2026-01-01T00:00:00Z'), to: new Date('2026-01-01T00:02:00Z') };
    const shown: Date[] = [];
    const no = (firings: Date[]) => shown.push(...firings) === 0;
    expect(await schedules.backfill(id, range, no)).toBe(0);
    expect(shown).toHaveLength(3);
    const century = { from: new Date('1926-01-01'), to: new Date('2026-01-01') };
    await expect(schedules.backfill(id, century)).rejects.toThrow(/must not hold more than 100000 firings/);
    expect((await schedules.describe(id)).counts.fired).toBe(0);
    await schedules.delete(id);
  });

  test('fires once for each trigger, and never while a run is open', async () => {
    const { schedules } = cluster.flows;
    const id = newId();
    await putPatient('overlap', 'in/Patient.ndjson');
    await schedules.ensure(id, yearly('overlap'));
    await aws.control.settings({ fhirImportMs: 'never' });
    await schedules.trigger(id);
    await until(
      () => imported('overlap'),
      (jobs) => jobs.length === 1,
    );
    // Each must wait for its second and for the schedule, else Temporal drops one (`Schedules.trigger`).
    const more = 3;
    for (let times = 0; times < more; times++) await schedules.trigger(id);
    const { running } = await schedules.describe(id);
    expect(running).toHaveLength(1);
    await aws.control.settings({ fhirImportMs: 0 });
    await settleJobs();
    const { counts } = await fired(id, 1 + more);
    expect(counts).toMatchObject({ fired: 1 + more, skippedByOverlap: 0 });
    expect(await imported('overlap')).toHaveLength(1 + more);
    const workflowIds = (await schedules.describe(id)).recent.map(({ workflowId }) => workflowId);
    expect(new Set(workflowIds).size).toBe(1 + more);
  });

  test('that does not answer after a request is not reported as having rejected it', async () => {
    const { schedules, temporal } = cluster.flows;
    const id = newId();
    await schedules.ensure(id, yearly('silent'));
    const { schedule } = temporal;
    const handle = schedule.getHandle(id);
    let asked = false;
    schedule.getHandle = () => ({
      ...handle,
      pause: (note) => {
        asked = true;
        return handle.pause(note);
      },
      describe: () => (asked ? Promise.reject(new Error('gone')) : handle.describe()),
    });
    try {
      await expect(schedules.pause(id, 'told')).rejects.toThrow(
        /has received the request, but has not answered/,
      );
    } finally {
      Reflect.deleteProperty(schedule, 'getHandle');
    }
    expect(await schedules.describe(id)).toMatchObject({ paused: true, note: 'told' });
  });

  test('that is paused does not fire until it is resumed', async () => {
    const { schedules } = cluster.flows;
    const [id, clock] = [newId(), newId()];
    const { cron: _, ...withoutCron } = yearly('paused');
    const everySecond = { ...withoutCron, every: '1 second', jitter: '1ms' } as const;
    await putPatient('paused', 'elsewhere/Patient.ndjson');
    await schedules.ensure(id, everySecond);
    await fired(id, 1);
    await schedules.pause(id, 'maintenance');
    const { counts } = await schedules.describe(id);
    await schedules.ensure(clock, everySecond);
    await fired(clock, 2);
    expect(await schedules.describe(id)).toMatchObject({ paused: true, note: 'maintenance', counts });
    await schedules.resume(id);
    await fired(id, counts.fired + 1);
    await Promise.all([id, clock].map((each) => schedules.delete(each)));
  });

  test('imports only new files, and files that a failed firing has not imported', async () => {
    const id = newId();
    await putPatient('only-new', 'in/1.ndjson');
    await cluster.flows.schedules.ensure(id, yearly('only-new', { onlyNew: true }));
    expect(await fireOnce(id)).toMatchObject({ status: 'imported', objects: 1 });
    expect(await fireOnce(id)).toMatchObject({ status: 'skipped', reason: 'nothing is new' });

    await putPatient('only-new', 'in/2.ndjson');
    await aws.control.failOutcome({ operation: 'StartFHIRImportJob' });
    await expect(fireOnce(id)).rejects.toBeInstanceOf(WorkflowFailedError);
    expect(await fireOnce(id)).toMatchObject({ status: 'imported', objects: 2 });
    expect(await fireOnce(id)).toMatchObject({ status: 'skipped' });
    // The record of imported files is kept across the firings that were skipped.
    expect(await fireOnce(id)).toMatchObject({ status: 'skipped', watermark: { objects: 2 } });
    expect(await imported('only-new')).toHaveLength(3);
  });

  test('imports a file that was added while another expired, and nothing if a file only expired', async () => {
    const id = newId();
    const file = (key: string) => path.join(aws.data, 's3', 'expiring', key);
    await putPatient('expiring', 'in/1.ndjson');
    await putPatient('expiring', 'in/2.ndjson');
    await cluster.flows.schedules.ensure(id, yearly('expiring', { onlyNew: true }));
    expect(await fireOnce(id)).toMatchObject({ status: 'imported', objects: 2 });

    // The same number of files as before, and the new one is older than the others.
    await rm(file('in/1.ndjson'));
    await putPatient('expiring', 'in/older.ndjson');
    await utimes(file('in/older.ndjson'), new Date('2020-01-01'), new Date('2020-01-01'));
    expect(await fireOnce(id)).toMatchObject({ status: 'imported', objects: 2 });

    await rm(file('in/2.ndjson'));
    expect(await fireOnce(id)).toMatchObject({ status: 'skipped', reason: 'nothing is new', objects: 1 });
  });

  test('is listed and deleted, and deleting it again is not an error', async () => {
    const { schedules } = cluster.flows;
    const id = newId();
    await schedules.ensure(id, yearly('listed'));
    await schedules.pause(id, 'not yet');
    const lines = await until(
      () => schedules.list(),
      (list) => list.some(({ scheduleId, paused }) => scheduleId === id && paused),
    );
    expect(lines.find(({ scheduleId }) => scheduleId === id)).toMatchObject({ note: 'not yet', recent: [] });
    expect(await schedules.delete(id)).toBe(true);
    expect(await schedules.delete(id)).toBe(false);
  });

  test.each([
    ['with swapped times', '2026-01-02', '2026-01-01', /from must not be later than to/],
    ['that ends in the future', '2026-01-02', '2999-01-01', /to must not lie in the future/],
  ])('a backfill %s is rejected', async (_, from, to, problem) => {
    const range = { from: new Date(from), to: new Date(to) };
    await expect(cluster.flows.schedules.backfill('any', range)).rejects.toThrow(problem);
  });
});

describe('temporal schedule', () => {
  const temporal = async (...args: string[]) => {
    const program = required('AHW_TEST_TEMPORAL');
    const { stdout } = await promisify(execFile)(program, [...args, '--address', cluster.address]);
    return stdout;
  };

  test('shows and manages a schedule that ensure has created', async () => {
    const id = newId();
    await cluster.flows.schedules.ensure(id, yearly('seen'));
    expect(await temporal('schedule', 'describe', '-s', id)).toContain('recurringImport');
    await temporal('schedule', 'toggle', '-s', id, '--pause', '--reason', 'by hand');
    expect(await cluster.flows.schedules.describe(id)).toMatchObject({ paused: true, note: 'by hand' });
  });

  test('creates one that works', async () => {
    const id = newId();
    await putPatient('by-cli', 'in/Patient.ndjson');
    const { flow, input: importInput } = yearly('by-cli');
    const command = `schedule create --schedule-id ${id} --workflow-id ${id} --type recurringImport
      --task-queue ${cluster.taskQueue} --time-zone Europe/Berlin --overlap-policy BufferOne --catchup-window 1h`;
    const input = JSON.stringify({ flow, input: importInput });
    await temporal(...command.split(/\s+/), '--cron', '0 2 * * *', '--input', input);
    expect(await fireOnce(id)).toMatchObject({ status: 'imported' });
    expect(await cluster.flows.schedules.describe(id)).toMatchObject({
      recurringImport: { flow, input: importInput, timeZone: 'Europe/Berlin' },
      paused: false,
    });
  });
});

/** Completes every import that would never end by itself. */
async function settleJobs(): Promise<void> {
  const { ImportJobPropertiesList = [] } = await aws.healthlake.listFHIRImportJobs({ DatastoreId });
  for (const { JobId = '', JobStatus } of ImportJobPropertiesList) {
    if (JobStatus === 'IN_PROGRESS') await aws.control.settle({ kind: 'fhirImportJob', id: JobId });
  }
}
