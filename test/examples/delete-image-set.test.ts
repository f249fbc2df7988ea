/** The example works as a team would run it: in a package of its own, compiled and started as its README says. */
import { execFileSync } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { startChild, type Child } from '../../dev/children.ts';
import { awsEnvironment } from '../support/cluster.ts';
import { failureOf } from '../support/failure.ts';
import { polling } from '../support/inputs.ts';
import { startStage, type Stage } from '../support/stage.ts';

const root = join(import.meta.dirname, '../..');
const folder = mkdtempSync(join(tmpdir(), 'example-'));
const taskQueue = `example-${randomUUID()}`;

let stage: Stage;
let worker: Child;

beforeAll(async () => {
  stage = await startStage();
  cpSync(join(root, 'examples/delete-image-set'), folder, { recursive: true });
  writeFileSync(join(folder, 'package.json'), '{"type": "module"}');
  // What `npm install` would make, for the package and for what it depends on.
  mkdirSync(join(folder, 'node_modules'));
  symlinkSync(root, join(folder, 'node_modules/aws-health-workflows'));
  for (const name of ['@temporalio', '@types']) {
    symlinkSync(join(root, 'node_modules', name), join(folder, 'node_modules', name));
  }
  const [, compile = ''] = /npx (tsc .*)/.exec(readFileSync(join(folder, 'README.md'), 'utf8')) ?? [];
  const PATH = `${join(root, 'node_modules/.bin')}${delimiter}${process.env['PATH']}`;
  execFileSync('/bin/sh', ['-c', compile], { cwd: folder, env: { ...process.env, PATH }, stdio: 'pipe' });
  worker = startChild(process.execPath, ['worker.js'], {
    name: 'example',
    logFile: join(folder, 'worker.log'),
    cwd: folder,
    env: {
      ...process.env,
      ...awsEnvironment(stage.aws.endpoint),
      TEMPORAL_ADDRESS: stage.cluster.address,
      TEMPORAL_TASK_QUEUE: taskQueue,
    },
  });
});
afterAll(async () => {
  await worker.kill();
  await stage.stop();
  rmSync(folder, { recursive: true });
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
