/** Each operation of HealthLake as an activity: its name, its request, and errors that its model does not declare. */
import * as healthlake from '@aws-sdk/client-healthlake';
import { ApplicationFailure } from '@temporalio/common';
import { MockActivityEnvironment } from '@temporalio/testing';
import { DefaultLogger } from '@temporalio/worker';
import type { AwsFailureDetails } from '../../src/activities/aws-errors.ts';
import { REQUEST_RATES } from '../../src/activities/retry-delay.ts';
import { healthlakeActivities } from '../../src/activities/healthlake.ts';
import { datastoreId } from '../support/inputs.ts';
import { startScriptedAws, type ScriptedAws } from '../support/scripted-aws.ts';

type Activities = ReturnType<typeof healthlakeActivities>;
type Mapping = readonly [retry: AwsFailureDetails['retry'], effect: AwsFailureDetails['effect']];

/** The activities, each with the operation that it calls. */
const OPERATIONS: Readonly<Record<keyof Activities, string>> = {
  createFHIRDatastore: 'CreateFHIRDatastore',
  deleteFHIRDatastore: 'DeleteFHIRDatastore',
  describeFHIRDatastore: 'DescribeFHIRDatastore',
  describeFHIRExportJob: 'DescribeFHIRExportJob',
  describeFHIRImportJob: 'DescribeFHIRImportJob',
  listFHIRDatastores: 'ListFHIRDatastores',
  listFHIRExportJobs: 'ListFHIRExportJobs',
  listFHIRImportJobs: 'ListFHIRImportJobs',
  listTagsForFhirResource: 'ListTagsForResource',
  startFHIRExportJob: 'StartFHIRExportJob',
  startFHIRImportJob: 'StartFHIRImportJob',
  tagFhirResource: 'TagResource',
  untagFhirResource: 'UntagResource',
};
const activityNames = Object.keys(OPERATIONS) as (keyof Activities)[];

/** Errors that the model does not declare for an operation, and that its retry row knows all the same. */
const BESIDES: readonly (readonly [keyof Activities, string, Mapping])[] = [
  ['startFHIRExportJob', 'ServiceQuotaExceededException', ['untilDeadline', 'refused']],
  ['startFHIRImportJob', 'ServiceQuotaExceededException', ['untilDeadline', 'refused']],
  ['createFHIRDatastore', 'ServiceQuotaExceededException', ['never', 'rejected']],
  ['startFHIRExportJob', 'ConflictException', ['never', 'rejected']],
  ['startFHIRImportJob', 'ConflictException', ['never', 'rejected']],
  ['createFHIRDatastore', 'ConflictException', ['never', 'rejected']],
];

let aws: ScriptedAws;
let activities: Activities;

beforeAll(async () => {
  aws = await startScriptedAws();
  activities = healthlakeActivities(
    new healthlake.HealthLakeClient({
      endpoint: aws.endpoint,
      region: 'us-east-1',
      credentials: { accessKeyId: 'a', secretAccessKey: 'b' },
      maxAttempts: 1,
    }),
    REQUEST_RATES,
  );
});
afterAll(() => aws.close());

const quiet = { logger: new DefaultLogger('ERROR') };
const run = (name: keyof Activities, input: object): Promise<unknown> =>
  new MockActivityEnvironment({}, quiet).run(activities[name] as (input: object) => Promise<unknown>, input);

/** What an activity makes of an error of the service. */
async function mapped(name: keyof Activities, $error: string) {
  aws.script({ [OPERATIONS[name]]: [{ $error, status: $error === 'InternalServerException' ? 500 : 400 }] });
  const failure: unknown = await run(name, {}).catch((error: unknown) => error);
  if (!(failure instanceof ApplicationFailure)) throw new Error('it has not failed as an activity should');
  const [{ operation, retry, effect }] = failure.details as [AwsFailureDetails];
  return { type: failure.type, nonRetryable: failure.nonRetryable, operation, retry, effect };
}

const expected = (name: string, $error: string, [retry, effect]: Mapping) => ({
  type: $error,
  nonRetryable: retry === 'never',
  operation: name,
  retry,
  effect,
});

test('there is an activity for each operation of the SDK', () => {
  const operations = Object.keys(healthlake).flatMap((name) => /^(\w+)Command$/.exec(name)?.[1] ?? []);
  expect(Object.values(OPERATIONS).toSorted()).toEqual(operations.toSorted());
  expect(Object.keys(activities).toSorted()).toEqual(activityNames.toSorted());
});

test.each(BESIDES)('%s: %s, should it come', async (name, $error, mapping) => {
  expect(await mapped(name, $error)).toEqual(expected(name, $error, mapping));
});

test('a Date, which Temporal carries as text, is sent as the service wants it', async () => {
  aws.script({ ListFHIRDatastores: [{ DatastorePropertiesList: [] }], ListFHIRImportJobs: [{}] });
  const time = '2026-11-21T12:00:00.500Z';
  await run('listFHIRDatastores', { Filter: { CreatedAfter: time, DatastoreName: time } });
  await run('listFHIRImportJobs', { DatastoreId: datastoreId, SubmittedBefore: time });
  expect(aws.calls.map(({ body }) => body)).toEqual([
    { Filter: { CreatedAfter: Date.parse(time) / 1000, DatastoreName: time } },
    { DatastoreId: datastoreId, SubmittedBefore: Date.parse(time) / 1000 },
  ]);
});
