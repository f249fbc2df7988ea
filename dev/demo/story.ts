/** The three acts of the demo. Each runs a flow and shows what it proves. */
import { CreateFHIRDatastoreCommand, DescribeFHIRDatastoreCommand } from '@aws-sdk/client-healthlake';
import { ListDICOMImportJobsCommand } from '@aws-sdk/client-medical-imaging';
import { setTimeout as pause } from 'node:timers/promises';
import type { ImportCounts } from '../../src/activities/import-manifest.ts';
import type { FailedFile } from '../../src/activities/report-lines.ts';
import type { AwsClients } from '../../src/activities/index.ts';
import { UserError } from '../../src/lib/user-error.ts';
import type { Child } from '../children.ts';
import type { Samples } from '../samples/index.ts';
import { copyInput, copyPair, fhirImportInput, onboardInput, readImageSet } from '../sample-jobs.ts';
import { type Finished, runFlow, type Stage } from './run-flow.ts';

export interface Props extends Stage {
  readonly aws: AwsClients;
  readonly samples: Samples;
  /** Unique for each demo, so that on an existing server it does not join the runs of another demo. */
  readonly name: string;
  readonly startWorker: () => Child;
}

/** @returns the result of each flow */
export async function play(props: Props): Promise<Finished[]> {
  const onboarded = await onboard(props);
  const copied = await copy(props, onboarded.result.datastoreId);
  const imported = await importRecords(props);
  return [onboarded, copied, imported];
}

/** Act one: a new data store, an import whose worker is killed meanwhile, and the outcome of each file. */
async function onboard(props: Props): Promise<Finished<'onboardDatastoreAndImport'>> {
  const { aws, samples, screen } = props;
  screen.heading('1  onboardDatastoreAndImport: a new HealthImaging data store, and a DICOM import into it');
  const worker = props.startWorker();
  const input = onboardInput(samples, props.name);
  const finished = await runFlow(props, 'onboardDatastoreAndImport', input, async ({ status }) => {
    if (!['SUBMITTED', 'IN_PROGRESS'].includes(status) || !worker.isRunning()) return;
    await worker.kill();
    screen.highlight(`kill -9 ${worker.pid}: the worker is dead, the import goes on inside AWS`);
    await pause(1_000);
    screen.highlight(`another worker starts, as process ${props.startWorker().pid}`);
  });
  const { result } = finished;
  const { datastoreId, counts, failures } = result;
  screen.fact(`AWS says ${result.jobStatus}. What it means: ${share(counts)} files were imported.`);
  showFailures(props, failures?.listed);

  const { jobSummaries = [] } = await aws.imaging.send(new ListDICOMImportJobsCommand({ datastoreId }));
  screen.fact(`Import jobs that AWS has seen: ${jobSummaries.length}`);
  insist(!worker.isRunning(), 'the worker was not killed in the middle of the import');
  insist(jobSummaries.length === 1, 'AWS has seen more than one import job');
  insist(counts?.imported === 11 && failures?.listed.length === 1, 'one file of twelve should have failed');
  return finished;
}

/** Act two: the two series of the study are merged into one image set. */
async function copy(props: Props, datastoreId: string): Promise<Finished<'copyImageSet'>> {
  const { aws, samples, screen } = props;
  screen.heading('2  copyImageSet: one series of the study into the image set of the other');
  const pair = await copyPair(aws.imaging, datastoreId, samples);
  if (pair === undefined) throw new UserError('The import made no two image sets of the first study.');
  const { source, destination } = pair;
  screen.fact(
    `before: ${destination.instances} instances in the destination, ${source.instances} in the source`,
  );
  const finished = await runFlow(props, 'copyImageSet', copyInput(datastoreId, pair));

  const { result } = finished;
  const after = await readImageSet(aws.imaging, datastoreId, result.destinationImageSetId);
  screen.fact(
    `after:  ${after.instances} instances in the destination, version ${result.destinationLatestVersionId}`,
  );
  insist(
    after.instances === destination.instances + source.instances,
    'the destination should hold both series',
  );
  return finished;
}

/** Act three: FHIR records, one of which HealthLake rejects. */
async function importRecords(props: Props): Promise<Finished<'startImportAndWaitCompleted'>> {
  const { samples, screen } = props;
  screen.heading('3  startImportAndWaitCompleted: FHIR records into HealthLake');
  screen.detail('+createFHIRDatastore');
  const input = fhirImportInput(samples, await createFhirDatastore(props));
  const finished = await runFlow(props, 'startImportAndWaitCompleted', input);
  const { result } = finished;
  const { counts, failures } = result;
  screen.fact(`AWS says ${result.jobStatus}. What it means: ${share(counts)} records were imported.`);
  showFailures(props, failures?.listed);
  insist(failures?.listed.length === 1, 'one record should have failed');
  return finished;
}

/** The flow that imports FHIR records needs an existing data store. This creates one. */
async function createFhirDatastore({ aws: { healthlake }, name }: Props): Promise<string> {
  const { DatastoreId } = await healthlake.send(
    new CreateFHIRDatastoreCommand({ DatastoreName: name, DatastoreTypeVersion: 'R4' }),
  );
  for (;;) {
    const { DatastoreProperties } = await healthlake.send(new DescribeFHIRDatastoreCommand({ DatastoreId }));
    if (DatastoreProperties?.DatastoreStatus === 'ACTIVE') return DatastoreId ?? '';
    await pause(500);
  }
}

const share = (counts: ImportCounts | undefined): string =>
  counts === undefined ? 'an unknown number of' : `${counts.imported} of ${counts.scanned}`;

function showFailures({ screen }: Stage, failures: readonly FailedFile[] = []): void {
  for (const { file, line, reason, message } of failures) {
    const place = line === undefined ? file : `${file} line ${line}`;
    screen.highlight(`not imported: ${place} (${reason}: ${message})`);
  }
}

/** Fails the demo if the result is not what it claims to show. */
function insist(holds: boolean, otherwise: string): void {
  if (!holds) throw new UserError(`The demo has not gone as it should: ${otherwise}.`);
}
