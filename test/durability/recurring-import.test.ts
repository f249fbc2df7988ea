import { activeFhirDatastore } from '../local-aws/fhir-harness.ts';
import { polling, roleArn } from '../support/inputs.ts';
import { untilFired } from '../support/schedules.ts';
import { startPlatform, type Platform } from './platform.ts';
import { putSamples } from './runs.ts';

let platform: Platform;

beforeAll(async () => {
  platform = await startPlatform();
  await putSamples(platform);
});
afterAll(() => platform.stop());

test('a firing whose worker and server are killed while it starts its job makes one job', async () => {
  const { flows, aws } = platform;
  const DatastoreId = await activeFhirDatastore(aws, { DatastoreName: 'nightly' });
  await flows.schedules.ensure('nightly', {
    flow: 'startImportAndWaitCompleted',
    cron: '@yearly',
    input: {
      DatastoreId,
      InputS3Uri: 's3://fhir/in/',
      OutputS3Uri: 's3://fhir/out/',
      OutputKmsKeyId: 'alias/key',
      DataAccessRoleArn: roleArn,
      polling,
    },
  });
  await aws.control.hold({ operation: 'StartFHIRImportJob', when: 'after', count: 1_000 });
  await flows.schedules.trigger('nightly');
  await aws.control.waitForCall({ operation: 'StartFHIRImportJob', outcome: 'held' });
  await platform.killAndRestart('Temporal server', 'worker');
  await aws.control.resetFaults();

  const { recent } = await untilFired(flows, 'nightly', 1);
  const run = flows.temporal.workflow.getHandle(recent[0]?.workflowId ?? '');
  expect(await run.result()).toMatchObject({
    status: 'imported',
    import: { result: { outcome: 'complete' } },
  });
  expect((await aws.control.jobs()).fhirImport).toBe(1);
});
