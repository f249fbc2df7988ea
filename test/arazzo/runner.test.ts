/** An independent Arazzo runner runs the documents on the local AWS, to success and to failure. */
import type { StartingOperation } from '../../local-aws/control.ts';
import { activeFhirDatastore } from '../local-aws/fhir-harness.ts';
import { localAws, p10, putFiles, type LocalAwsUnderTest } from '../local-aws/harness.ts';
import { activeDatastore, imageSetsBySeries, importAll, readMetadata } from '../local-aws/imaging-harness.ts';
import { roleArn } from '../support/inputs.ts';
import { DOCUMENT_NAMES, readDocument } from './history.ts';
import { startRunner, type Runner } from './runner.ts';

let aws: LocalAwsUnderTest;
let runner: Runner;

beforeAll(async () => {
  aws = await localAws();
  runner = await startRunner(aws.endpoint);
  const slices = ['1.1', '1.2', '1.3'].map((series) => [
    `in/${series}`,
    p10({ series, instance: `${series}.1` }),
  ]);
  await putFiles(aws.data, 'dicom', Object.fromEntries(slices));
  await putFiles(aws.data, 'fhir', { 'in/Patient.ndjson': '{"resourceType":"Patient","id":"p1"}\n' });
});
afterAll(async () => {
  runner.close();
  await aws.close();
});

let made = 0;
const token = () => `token-${++made}`;
const attributes = { SchemaVersion: 1.1, Patient: { DICOM: { PatientName: 'A^B' } } };

/** The inputs of each document, with unused data stores and image sets. */
async function newInputs() {
  const datastoreId = await activeDatastore(aws);
  await importAll(aws, { datastoreId, inputS3Uri: 's3://dicom/in/' });
  const {
    '1.1': imageSetId = '',
    '1.2': sourceImageSetId,
    '1.3': destinationImageSetId,
  } = await imageSetsBySeries(aws, datastoreId);
  const metadata = JSON.stringify(await readMetadata(aws, { datastoreId, imageSetId }));
  return {
    datastoreId,
    imageSetId,
    imageFrameId: /"ImageFrames":\[\{"ID":"(\w+)"/.exec(metadata)?.[1],
    sourceImageSetId,
    destinationImageSetId,
    dicomPatientId: 'P1',
    tags: { team: 'imaging' },
    updatableAttributes: Buffer.from(JSON.stringify(attributes)).toString('base64'),
    datastoreName: 'store',
    dataAccessRoleArn: roleArn,
    inputS3Uri: 's3://dicom/in/',
    outputS3Uri: 's3://dicom/out/',
    clientToken: token(),
    datastoreClientToken: token(),
    importClientToken: token(),
    DatastoreId: await activeFhirDatastore(aws),
    DatastoreName: 'store',
    DatastoreTypeVersion: 'R4',
    PreloadDataType: 'SYNTHEA',
    InputS3Uri: 's3://fhir/in/',
    OutputS3Uri: 's3://fhir/out/',
    OutputKmsKeyId: 'alias/key',
    DataAccessRoleArn: roleArn,
  };
}

const stepsOf = (name: string) =>
  readDocument(`${name}.yaml`).workflows[0]?.steps.map(({ stepId }) => stepId) ?? [];
const good = (...steps: string[]) => ({ status: 'success', steps });
const bad = (...steps: string[]) => ({ status: 'error', steps });

test('all run to completion', async () => {
  // The document that deletes the data store of the others comes last.
  const deletion = 'delete-fhir-datastore-and-confirm';
  const others = DOCUMENT_NAMES.filter((name) => name !== deletion);
  // They are of different series.
  const ends = await runner.run([...others, deletion], { ...(await newInputs()), force: true });
  const expected = DOCUMENT_NAMES.map((name) => [name, good(...stepsOf(name))]);
  expect(ends).toEqual({
    ...Object.fromEntries(expected),
    'provision-datastore': good('createDatastore', 'pollDatastore'),
  });
});

// The documents end without an error in this case, but the runner counts a missing output as an error.
test('if the search finds nothing, they end after it', async () => {
  const datastoreId = await activeDatastore(aws);
  const documents = ['audit-completed-imports', 'find-image-set-by-patient'];
  expect(await runner.run(documents, { datastoreId, dicomPatientId: 'NOBODY' })).toMatchObject({
    'audit-completed-imports': { steps: ['listCompletedJobs'] },
    'find-image-set-by-patient': { steps: ['searchByPatient'] },
  });
});

const IMPORT = ['startImportJob', 'pollImportJob'];
const EXPORT = ['startExportJob', 'pollExportJob'];
const CREATE = ['createDatastore', 'pollDatastore'];

test.each<[what: string, operations: StartingOperation[], ends: Record<string, ReturnType<typeof bad>>]>([
  [
    'a data store could not be created, or a change has failed',
    ['CreateDatastore', 'CreateFHIRDatastore', 'CopyImageSet', 'UpdateImageSetMetadata'],
    {
      'onboard-datastore-and-import': bad(...CREATE),
      'provision-datastore': bad(...CREATE, 'provisioningFailed'),
      'create-fhir-datastore-and-wait-active': bad(...CREATE),
      'provision-datastore-and-export': bad(...CREATE),
      'provision-datastore-and-import': bad(...CREATE),
      'copy-image-set': bad(...stepsOf('copy-image-set')),
      'update-image-set-metadata': bad(...stepsOf('update-image-set-metadata')),
    },
  ],
  [
    'a job has failed',
    ['StartDICOMImportJob', 'StartFHIRImportJob', 'StartFHIRExportJob'],
    {
      'onboard-datastore-and-import': bad(...CREATE, ...IMPORT),
      'import-dicom-and-search': bad(...IMPORT),
      'provision-datastore-and-export': bad(...CREATE, ...EXPORT),
      'provision-datastore-and-import': bad(...CREATE, ...IMPORT),
      'start-export-poll-and-list': bad(...EXPORT),
      'start-import-and-wait-completed': bad(...IMPORT),
      'start-import-poll-and-list': bad(...IMPORT),
    },
  ],
])('if %s, they fail, and no further step is run', async (_, operations, ends) => {
  const inputs = await newInputs();
  for (const operation of operations) await aws.control.failOutcome({ operation, count: 100 });
  expect(await runner.run(Object.keys(ends), inputs)).toEqual(ends);
  await aws.control.resetFaults();
});
