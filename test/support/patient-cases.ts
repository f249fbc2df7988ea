/** Runs of every flow in which the service, scripted, has data of test patients. */
import { WorkflowFailedError } from '@temporalio/client';
import { ApplicationFailure } from '@temporalio/common';
import type { WorkflowName } from '../../src/client.ts';
import type { Cluster } from './cluster.ts';
import { copyInput, datastoreId, fhirInput, onboardInput, polling, untyped } from './inputs.ts';
import { dicomJobReply, dicomOutput, fhirImportReply, imageSetReply, now, outputOf } from './replies.ts';
import { error, type Reply, type ScriptedAws, type StoredObject } from './scripted-aws.ts';

export const PATIENT = { name: 'DOE^JANE', id: '4711007', uid: '1.2.840.4711007.1' };
export const PLANTED = Object.values(PATIENT);
/** A message like those of AWS, which quote the value that they reject. */
export const WORDS = `The value ${PATIENT.name} of PatientName (${PATIENT.id}, ${PATIENT.uid}) is not valid`;

const { sourceImageSetId: imageSetId, destinationImageSetId } = copyInput;
const imageSet = imageSetReply(imageSetId);
const free = imageSet('1', 'ACTIVE');
const patient = {
  DICOMPatientId: PATIENT.id,
  DICOMPatientName: PATIENT.name,
  DICOMStudyInstanceUID: PATIENT.uid,
};
const found = { imageSetsMetadataSummaries: [{ imageSetId, DICOMTags: patient }] };
const metadata = {
  Patient: { DICOM: { PatientID: PATIENT.id, PatientName: PATIENT.name } },
  Study: {
    DICOM: { StudyInstanceUID: PATIENT.uid },
    Series: { [PATIENT.uid]: { Instances: { [PATIENT.uid]: {} } } },
  },
};
const attributes = { SchemaVersion: '1.1', Patient: { DICOM: { PatientName: PATIENT.name } } };
const subset = { SchemaVersion: '1.1', Study: { Series: { [PATIENT.uid]: { Instances: {} } } } };
const newStore = { DatastoreName: 'store', DatastoreTypeVersion: 'R4', polling };
const created = {
  DatastoreId: datastoreId,
  DatastoreArn: 'arn',
  DatastoreEndpoint: 'https://endpoint',
  DatastoreStatus: 'CREATING',
};
const store = (DatastoreStatus: string, more: object = {}) => ({
  DatastoreProperties: {
    DatastoreId: datastoreId,
    DatastoreArn: 'arn',
    DatastoreEndpoint: 'https://endpoint',
    DatastoreTypeVersion: 'R4',
    DatastoreStatus,
    CreatedAt: now(),
    ...more,
  },
});
const badStore = store('CREATE_FAILED', { ErrorCause: { ErrorMessage: WORDS } });
const { InputS3Uri, DatastoreId, ...exportInput } = fhirInput;
const { polling: _polling, InputS3Uri: _folder, ...fhirFleet } = fhirInput;
const exportReply = (JobStatus: string) => ({
  ExportJobProperties: {
    JobId: 'j1',
    JobStatus,
    SubmitTime: now(),
    DatastoreId: datastoreId,
    OutputDataConfig: { S3Configuration: { S3Uri: fhirInput.OutputS3Uri, KmsKeyId: 'alias/key' } },
    Message: WORDS,
  },
});
/** An import that has failed to import a file named after the patient, with AWS's message about it. */
const lossy = {
  ...dicomOutput('j1', { scanned: 2, imported: 1 }),
  [`${outputOf('j1')}/FAILURE/failure.ndjson`]: JSON.stringify({
    inputFile: `in/${PATIENT.name}.dcm`,
    exception: { exceptionType: 'ValidationException', message: WORDS },
  }),
};
const { datastoreName: _, ...dicomImportInput } = onboardInput;
const dicomImport = { ...dicomImportInput, datastoreId };
const { polling: _none, ...dicomFleet } = dicomImport;
const failedFhirImport = fhirImportReply('FAILED', { Message: WORDS });
const started = { JobId: 'j1', JobStatus: 'SUBMITTED', DatastoreId: datastoreId };

/** A fleet of one job. The folders and files below its root are named after the patient. */
const fleet = { startsPerSecond: 100, lookInterval: 20 };
const patientFolder = `s3://bucket/in/${PATIENT.name}/`;

export interface Case {
  readonly flow: WorkflowName;
  readonly what: string;
  readonly input: object;
  readonly replies: Record<string, Reply[]>;
  readonly objects?: Record<string, StoredObject>;
  /** The type of the run's failure. If absent, the run completes. */
  readonly type?: string;
  /** Whether the details of the run's failure contain AWS's message. */
  readonly words?: true;
}

export const CASES: Case[] = [
  {
    flow: 'findImageSetByPatient',
    what: 'a patient who is found',
    input: { datastoreId, dicomPatientId: PATIENT.id, includePatient: true },
    replies: { SearchImageSets: [found], GetImageSet: [free], GetImageSetMetadata: [metadata] },
  },
  {
    flow: 'findImageSetByPatient',
    what: 'a search that is refused',
    input: { datastoreId, dicomPatientId: PATIENT.id },
    replies: { SearchImageSets: [error('ValidationException', 400, WORDS)] },
    type: 'ValidationException',
    words: true,
  },
  {
    flow: 'inspectImageSet',
    what: 'metadata with the patient',
    input: { datastoreId, imageSetId, imageFrameId: 'f'.repeat(32), includePatient: true, polling },
    replies: { GetImageSet: [free], GetImageSetMetadata: [metadata], GetImageFrame: [{}] },
  },
  {
    flow: 'updateImageSetMetadata',
    what: 'an update that fails',
    input: { datastoreId, imageSetId, updatableAttributes: attributes, polling },
    replies: {
      GetImageSet: [free, imageSet('2', 'ACTIVE', 'UPDATE_FAILED', WORDS)],
      UpdateImageSetMetadata: [{ datastoreId, imageSetId, latestVersionId: '2', imageSetState: 'LOCKED' }],
    },
    type: 'UpdateFailed',
    words: true,
  },
  {
    flow: 'updateImageSetMetadata',
    what: 'an update that is refused',
    input: { datastoreId, imageSetId, removableAttributes: attributes, polling },
    replies: {
      GetImageSet: [free],
      UpdateImageSetMetadata: [error('ValidationException', 400, WORDS)],
    },
    type: 'ValidationException',
    words: true,
  },
  {
    flow: 'copyImageSet',
    what: 'a copy that fails',
    input: { ...copyInput, copiableAttributes: JSON.stringify(subset) },
    replies: {
      GetImageSet: [free, free, imageSetReply(destinationImageSetId)('2', 'ACTIVE', 'COPY_FAILED', WORDS)],
      CopyImageSet: [
        {
          datastoreId,
          destinationImageSetProperties: { imageSetId: destinationImageSetId, latestVersionId: '2' },
        },
      ],
    },
    type: 'CopyFailed',
    words: true,
  },
  {
    flow: 'tagImageSet',
    what: 'a tag that does not show',
    input: { datastoreId, imageSetId, tags: { patient: PATIENT.id }, polling: { ...polling, timeout: 100 } },
    replies: { GetImageSet: [free], TagResource: [{}], ListTagsForResource: [{ tags: { patient: WORDS } }] },
    type: 'ConfirmationMissing',
  },
  {
    flow: 'importDicomAndSearch',
    what: 'a file that is not imported',
    input: { ...dicomImport, listFailedFiles: 10 },
    replies: {
      StartDICOMImportJob: [{ jobId: 'j1', datastoreId, jobStatus: 'SUBMITTED', submittedAt: now() }],
      GetDICOMImportJob: [dicomJobReply('COMPLETED', { message: WORDS })],
      SearchImageSets: [found],
    },
    objects: lossy,
  },
  {
    flow: 'importDicomAndSearch',
    what: 'files that fail the run',
    input: { ...dicomImport, jobId: 'j1', listFailedFiles: 10, onFileErrors: 'fail' },
    replies: { GetDICOMImportJob: [dicomJobReply('COMPLETED')], SearchImageSets: [found] },
    objects: lossy,
    type: 'FilesFailed',
  },
  {
    flow: 'importDicomAndSearch',
    what: 'a manifest that is no JSON',
    input: { ...dicomImport, jobId: 'j1', onFileErrors: 'fail' },
    replies: { GetDICOMImportJob: [dicomJobReply('COMPLETED')], SearchImageSets: [found] },
    objects: { [`${outputOf('j1')}/job-output-manifest.json`]: `${WORDS} {` },
    type: 'OutcomeUnknown',
  },
  {
    flow: 'importDicomAndSearch',
    what: 'a manifest that may not be read',
    input: { ...dicomImport, jobId: 'j1', onFileErrors: 'fail' },
    replies: { GetDICOMImportJob: [dicomJobReply('COMPLETED')], SearchImageSets: [found] },
    objects: { [`${outputOf('j1')}/job-output-manifest.json`]: error('AccessDenied', 403, WORDS) },
    type: 'OutcomeUnknown',
    words: true,
  },
  {
    flow: 'importDicomAndSearch',
    what: 'warnings that may not be read',
    input: { ...dicomImport, jobId: 'j1', onFileErrors: 'fail' },
    replies: { GetDICOMImportJob: [dicomJobReply('COMPLETED')], SearchImageSets: [found] },
    objects: {
      ...dicomOutput('j1', { scanned: 2, imported: 2 }),
      [`${outputOf('j1')}/WARNING/warning.ndjson`]: error('AccessDenied', 403, WORDS),
    },
    type: 'OutcomeUnknown',
    words: true,
  },
  {
    flow: 'importAllDicom',
    what: 'files that are not imported',
    input: { ...dicomFleet, ...fleet },
    replies: {
      StartDICOMImportJob: [{ jobId: 'j1', datastoreId, jobStatus: 'SUBMITTED', submittedAt: now() }],
      ListDICOMImportJobs: [{ jobSummaries: [] }],
      GetDICOMImportJob: [dicomJobReply('COMPLETED', { message: WORDS })],
    },
    objects: {
      ...lossy,
      [`${patientFolder}${PATIENT.id}/1.dcm`]: 'x',
      [`${patientFolder}${PATIENT.uid}.zip`]: 'x',
    },
  },
  {
    flow: 'importAllFhir',
    what: 'a list of folders that are named after patients',
    input: { ...fhirFleet, importsS3Uri: 's3://bucket/list.ndjson', ...fleet },
    replies: {
      StartFHIRImportJob: [started],
      ListFHIRImportJobs: [{ ImportJobPropertiesList: [] }],
      DescribeFHIRImportJob: [fhirImportReply('COMPLETED', { Message: WORDS })],
    },
    objects: {
      's3://bucket/list.ndjson': JSON.stringify({ inputS3Uri: patientFolder }),
      [`${patientFolder}${PATIENT.id}.ndjson`]: '{}',
    },
  },
  {
    flow: 'importAllFhir',
    what: 'a list of folders that may not be read',
    input: { ...fhirFleet, importsS3Uri: 's3://bucket/list.ndjson', ...fleet },
    replies: { ListFHIRImportJobs: [{ ImportJobPropertiesList: [] }] },
    objects: { 's3://bucket/list.ndjson': error('AccessDenied', 403, WORDS) },
    type: 'AccessDenied',
    words: true,
  },
  {
    flow: 'onboardDatastoreAndImport',
    what: 'a job that fails',
    input: { ...onboardInput, datastoreId, jobId: 'j1' },
    replies: { GetDICOMImportJob: [dicomJobReply('FAILED', { message: WORDS })] },
    type: 'ImportJobFailed',
    words: true,
  },
  {
    flow: 'auditCompletedImports',
    what: 'an import that has lost files',
    input: { datastoreId },
    replies: {
      ListDICOMImportJobs: [
        { jobSummaries: [{ ...dicomJobReply('COMPLETED', { message: WORDS }).jobProperties }] },
      ],
      GetDICOMImportJob: [dicomJobReply('COMPLETED', { message: WORDS })],
      SearchImageSets: [found],
    },
    objects: lossy,
  },
  {
    flow: 'startImportAndWaitCompleted',
    what: 'a start whose reply the SDK cannot read',
    input: { ...fhirInput, onFileErrors: 'ignore' },
    replies: {
      StartFHIRImportJob: [{ $raw: `{"JobId":${PATIENT.name}}` }, started],
      DescribeFHIRImportJob: [fhirImportReply('COMPLETED')],
    },
  },
  {
    flow: 'recurringImport',
    what: 'an import that fails',
    input: { flow: 'startImportAndWaitCompleted', input: fhirInput },
    replies: { StartFHIRImportJob: [started], DescribeFHIRImportJob: [failedFhirImport] },
    objects: { [`s3://bucket/in/${PATIENT.name}.ndjson`]: '{}' },
    type: 'ImportJobFailed',
    words: true,
  },
  ...(['startImportAndWaitCompleted', 'startImportPollAndList'] as const).map((flow) => ({
    flow,
    what: 'a job that fails',
    input: fhirInput,
    replies: { StartFHIRImportJob: [started], DescribeFHIRImportJob: [failedFhirImport] },
    type: 'ImportJobFailed',
    words: true as const,
  })),
  {
    flow: 'startExportPollAndList',
    what: 'a job that fails',
    input: { ...exportInput, DatastoreId },
    replies: { StartFHIRExportJob: [started], DescribeFHIRExportJob: [exportReply('FAILED')] },
    type: 'ExportJobFailed',
    words: true,
  },
  {
    flow: 'startExportPollAndList',
    what: 'a job that ends with errors',
    input: { ...exportInput, DatastoreId },
    replies: {
      StartFHIRExportJob: [started],
      DescribeFHIRExportJob: [exportReply('COMPLETED_WITH_ERRORS')],
      ListFHIRExportJobs: [{ ExportJobPropertiesList: [exportReply('COMPLETED').ExportJobProperties] }],
    },
  },
  ...(
    [
      ['createFhirDatastoreAndWaitActive', newStore],
      ['provisionDatastoreAndImport', { ...newStore, ...exportInput, InputS3Uri }],
      ['provisionDatastoreAndExport', { ...newStore, ...exportInput }],
    ] as const
  ).map(([flow, input]) => ({
    flow,
    what: 'a data store that cannot be created',
    input,
    replies: { CreateFHIRDatastore: [created], DescribeFHIRDatastore: [badStore] },
    type: 'DatastoreCreateFailed',
    words: true as const,
  })),
  {
    flow: 'deleteFhirDatastoreAndConfirm',
    what: 'a deletion that is refused',
    input: { DatastoreId: datastoreId, polling },
    replies: {
      DescribeFHIRDatastore: [store('ACTIVE')],
      DeleteFHIRDatastore: [error('ValidationException', 400, WORDS)],
    },
    type: 'ValidationException',
    words: true,
  },
  {
    flow: 'provisionDatastore',
    what: 'a name that is refused',
    input: { datastoreName: 'store', polling },
    replies: { CreateDatastore: [error('ValidationException', 400, WORDS)] },
    type: 'ValidationException',
    words: true,
  },
];

/** Runs a case to its end. @returns the run, and the members of its failure if it has one */
export async function runCase(
  aws: ScriptedAws,
  { flows }: Cluster,
  { flow, input, replies, objects = {} }: Case,
) {
  aws.script(replies, objects);
  const run = await flows.start(flow, untyped(input));
  const ended: unknown = await run.result().catch((reason: unknown) => reason);
  const failure = ended instanceof WorkflowFailedError ? ended.cause : undefined;
  const { type: failedBy, message = '', details } = failure instanceof ApplicationFailure ? failure : {};
  return { run, failedBy, message, details };
}
