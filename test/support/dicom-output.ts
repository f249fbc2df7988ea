/** What a DICOM import job leaves in `s3://bucket/out/`, as the scripted S3 has it. */
import { datastoreId } from './inputs.ts';

/** The folder of a job's output. */
export const outputOf = (jobId: string) => `s3://bucket/out/${datastoreId}-DicomImport-${jobId}`;

/** The manifest of a job, and a line for each file that was not imported. */
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
