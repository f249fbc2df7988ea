/** What the scripted service says of its things, and what its jobs leave in S3. */
import { datastoreId, fhirInput } from './inputs.ts';

/** Seconds since 1970, as both services tell the time. */
export const now = () => Date.now() / 1000;

export const imageSetArn = (imageSetId: string) =>
  `arn:aws:medical-imaging:us-east-1:123456789012:datastore/${datastoreId}/imageset/${imageSetId}`;

/** GetImageSet of an image set, by its state. */
export const imageSetReply =
  (imageSetId: string) =>
  (versionId: string, imageSetState: string, imageSetWorkflowStatus = 'CREATED', message?: string) => ({
    datastoreId,
    imageSetId,
    imageSetArn: imageSetArn(imageSetId),
    versionId,
    imageSetState,
    imageSetWorkflowStatus,
    message,
    // Told as the reply is sent: the tests of a file may take longer than clocks may differ.
    get updatedAt() {
      return now();
    },
  });

/** GetDICOMImportJob of job `j1`. */
export const dicomJobReply = (jobStatus: string, more: object = {}) => ({
  jobProperties: {
    jobId: 'j1',
    jobName: 'n',
    jobStatus,
    datastoreId,
    submittedAt: now(),
    outputS3Uri: `${outputOf('j1')}/`,
    ...more,
  },
});

/** DescribeFHIRImportJob of job `j1`. */
export const fhirImportReply = (JobStatus: string, more: object = {}) => ({
  ImportJobProperties: {
    JobId: 'j1',
    JobStatus,
    SubmitTime: now(),
    DatastoreId: datastoreId,
    InputDataConfig: { S3Uri: fhirInput.InputS3Uri },
    ...more,
  },
});

/** The folder of a DICOM import's output. */
export const outputOf = (jobId: string) => `s3://bucket/out/${datastoreId}-DicomImport-${jobId}`;

/** The manifest of a DICOM import, and a line for each file that was not imported. */
export function dicomOutput(
  jobId: string,
  { scanned, imported, ...more }: { scanned: number; imported: number; imageSetsSummary?: object[] },
): Record<string, string> {
  const failed = scanned - imported;
  const jobSummary = {
    numberOfScannedFiles: scanned,
    numberOfImportedFiles: imported,
    numberOfFilesWithCustomerError: failed,
    numberOfFilesWithServerError: 0,
    ...more,
  };
  const exception = { exceptionType: 'ValidationException', message: 'DICOM attributes does not exist' };
  const lines = Array.from({ length: failed }, (_, index) =>
    JSON.stringify({ inputFile: `in/${index}.dcm`, exception }),
  );
  return {
    [`${outputOf(jobId)}/job-output-manifest.json`]: JSON.stringify({ jobSummary }),
    [`${outputOf(jobId)}/FAILURE/failure.ndjson`]: lines.join('\n'),
  };
}
