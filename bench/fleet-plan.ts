/**
 * What a large plan costs: `npm run bench -- fleet-plan [OBJECTS]` plans 2,000,000 objects in folders of 40, which a synthetic S3
 * lists, and kills the worker half way.
 */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { say, sizesOf, startStage } from './support/fleet-platform.ts';
import { startSyntheticS3 } from './support/synthetic-s3.ts';

const OBJECTS = Number(process.argv[2] ?? 2_000_000);
const A_FOLDER = 40;
const PAGE = 1_000;

const folder = await mkdtemp(join(tmpdir(), 'bench-fleet-plan-'));
const digits = (value: number, count: number) => String(value).padStart(count, '0');
const s3 = await startSyntheticS3({
  count: OBJECTS,
  size: 500_000,
  keyOf: (index) => `in/study-${digits(Math.floor(index / A_FOLDER), 6)}/${digits(index % A_FOLDER, 2)}.dcm`,
});
const stage = await startStage(folder, s3.endpoint);
const began = performance.now();
const run = await stage.flows.start(
  'importAllDicom',
  {
    datastoreId: 'd'.repeat(32),
    dataAccessRoleArn: 'arn:aws:iam::123456789012:role/import',
    inputS3Uri: 's3://input/in/',
    outputS3Uri: 's3://output/',
    planOnly: true,
  },
  { workflowId: 'plan' },
);
const held = s3.held();
s3.holdFrom(OBJECTS / PAGE / 2);
await held;
const before = stage.worker.peak;
s3.release();
await stage.worker.killAndStart();
const result = await run.result();
const peak = Math.max(before, stage.worker.peak);
const [history] = await sizesOf(stage, 'plan');
console.log(
  `A plan of ${OBJECTS} objects in ${OBJECTS / A_FOLDER} folders, with a kill of the worker half way`,
);
say('jobs', result.imports.planned);
say('files', result.files.planned);
say('time, with the kill', `${Math.round((performance.now() - began) / 1_000)} s`);
say(`lists (${OBJECTS / PAGE} pages, and those that divide the folders)`, s3.lists);
say('peak memory of the worker', `${Math.round(peak)} MB`);
say('history', `${history?.events} events, ${history?.bytes} bytes`);
say('largest payload', `${history?.payload} bytes`);
await stage.stop();
await s3.close();
await rm(folder, { recursive: true });
