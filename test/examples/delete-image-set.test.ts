/** The example works as a team would run it: its own workflows, the activities of the package. */
import { randomUUID } from 'node:crypto';
import { join } from 'node:path';
import { Worker } from '@temporalio/worker';
import { workerOptions } from '../../src/worker-options.ts';
import { awsEnvironment, quietRuntime } from '../support/cluster.ts';
import { failureOf } from '../support/failure.ts';
import { polling } from '../support/inputs.ts';
import { startStage, type Stage } from '../support/stage.ts';

let stage: Stage;
let worker: Worker;
let running: Promise<void>;
const taskQueue = `example-${randomUUID()}`;

beforeAll(async () => {
  quietRuntime();
  stage = await startStage();
  const env = {
    ...awsEnvironment(stage.aws.endpoint),
    TEMPORAL_ADDRESS: stage.cluster.address,
    TEMPORAL_TASK_QUEUE: taskQueue,
  };
  Object.assign(process.env, env);
  const workflowsPath = join(import.meta.dirname, '../../examples/delete-image-set/workflows.ts');
  worker = await Worker.create({ ...(await workerOptions(process.env)), workflowsPath });
  running = worker.run();
});
afterAll(async () => {
  worker.shutdown();
  await running;
  await stage.stop();
});

const start = (imageSetId: string) =>
  stage.cluster.flows.temporal.workflow.execute('deleteImageSetAndConfirm', {
    taskQueue,
    workflowId: randomUUID(),
    args: [{ datastoreId: stage.datastoreId, imageSetId, polling }],
  });

test('deletes an image set and waits until it is gone; one that is gone is a failure', async () => {
  const imageSetId = await stage.imageSet(1);
  expect(await start(imageSetId)).toEqual({ imageSetId });
  const { imageSetState } = await stage.aws.imaging.getImageSet({
    datastoreId: stage.datastoreId,
    imageSetId,
  });
  expect(imageSetState).toBe('DELETED');
  expect(await failureOf(start(imageSetId))).toMatchObject({
    type: 'DeleteFailed',
    details: { step: 'getImageSet' },
  });
});
