/** The example works as a team would run it: in a package of its own, compiled and started as its README says. */
import { randomUUID } from 'node:crypto';
import { FlowClient } from '../../src/client.ts';
import type { Child } from '../../dev/children.ts';
import { awsEnvironment } from '../support/cluster.ts';
import { ExamplePackage } from '../support/example-package.ts';
import { failureOf } from '../support/failure.ts';
import { polling } from '../support/inputs.ts';
import { startStage, type Stage } from '../support/stage.ts';

const taskQueue = `example-${randomUUID()}`;

let example: ExamplePackage;
let stage: Stage;
let worker: Child;

beforeAll(async () => {
  stage = await startStage();
  example = new ExamplePackage('delete-image-set');
  worker = example.start('worker.js', {
    ...awsEnvironment(stage.aws.endpoint),
    TEMPORAL_ADDRESS: stage.cluster.address,
    TEMPORAL_TASK_QUEUE: taskQueue,
  });
});
afterAll(async () => {
  await worker.kill();
  await stage.stop();
  example.remove();
});

const start = (input: object) =>
  stage.cluster.flows.temporal.workflow.execute('deleteImageSetAndConfirm', {
    taskQueue,
    workflowId: randomUUID(),
    args: [{ datastoreId: stage.datastoreId, polling, ...input }],
  });

test('deletes an image set and waits until it is gone; one that is gone is a failure', async () => {
  const imageSetId = await stage.imageSet(1);
  expect(await start({ imageSetId })).toEqual({ imageSetId });
  const { imageSetState } = await stage.aws.imaging.getImageSet({
    datastoreId: stage.datastoreId,
    imageSetId,
  });
  expect(imageSetState).toBe('DELETED');
  expect(await failureOf(start({ imageSetId }))).toMatchObject({
    type: 'DeleteFailed',
    details: { step: 'getImageSet' },
  });
});

test('its worker serves the flows of the package as well', async () => {
  const flows = new FlowClient(stage.cluster.flows.temporal, taskQueue);
  const input = { datastoreName: 'of-the-same-worker', polling };
  expect(await flows.execute('provisionDatastore', input)).toMatchObject({ datastoreStatus: 'ACTIVE' });
});

test('its worker says in one line what it cannot be started with', async () => {
  const env = {
    AWS_REGION: '',
    AWS_DEFAULT_REGION: '',
    AWS_CONFIG_FILE: '/none',
    AWS_EC2_METADATA_DISABLED: 'true',
  };
  expect(await example.run('node worker.js', env)).toEqual({
    code: 1,
    stdout: '',
    stderr: 'No AWS region is set. Set AWS_REGION, or a region in the AWS profile.\n',
  });
});

test('a deletion whose answer was lost is known by what it has left', async () => {
  const imageSetId = await stage.imageSet(1);
  await stage.aws.control.dropConnection({ operation: 'DeleteImageSet', when: 'after' });
  expect(await start({ imageSetId })).toEqual({ imageSetId });
});

test('fails at once for what it cannot be run with', async () => {
  expect(
    await failureOf(start({ imageSetId: 'a'.repeat(32), polling: { timeout: '1 fortnight' } })),
  ).toMatchObject({
    type: 'ValidationFailed',
    message: expect.stringContaining('polling.timeout'),
  });
  expect(
    await failureOf(start({ imageSetId: 'a'.repeat(32), polling: { share: 0, minimumInterval: 1 } })),
  ).toMatchObject({ type: 'ValidationFailed', message: expect.stringContaining('at most 3000') });
  expect(await failureOf(start({ imageSet: 'misspelt' }))).toMatchObject({
    message: expect.stringContaining('imageSetId'),
    details: { step: 'getImageSet' },
  });
});
