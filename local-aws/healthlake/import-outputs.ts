import path from 'node:path';
import { parseS3Uri } from '../s3/buckets.ts';
import type { World } from '../world.ts';
import { totals, type FhirImportJob, type FileOutcome } from './fhir-import.ts';

/**
 * Writes what an import leaves in S3: `manifest.json`, and in `SUCCESS/` and `FAILURE/` one file per input file, of the
 * same name, with a line for each of its resources.
 */
export async function writeImportOutputs(
  world: World,
  job: FhirImportJob,
  outputS3Uri: string,
): Promise<void> {
  const { bucket, key } = parseS3Uri(outputS3Uri);
  const write = (name: string, text: string) => world.buckets.write({ bucket, key: key + name }, text);
  for (const file of job.files ?? []) {
    const name = path.posix.basename(file.key);
    if (file.imported.length > 0) await write(`SUCCESS/${name}`, ndjson(successLines(file)));
    if (file.failed.length > 0) await write(`FAILURE/${name}`, ndjson(failureLines(file)));
  }
  // Last: whoever finds the manifest finds the rest.
  await write('manifest.json', JSON.stringify(manifestOf(job, outputS3Uri), null, 2));
}

const ndjson = (lines: readonly object[]) => lines.map((line) => `${JSON.stringify(line)}\n`).join('');

const successLines = ({ imported }: FileOutcome) =>
  imported.map((lineId) => ({ lineId, UpdateResourceResponse: { statusCode: 200 } }));

const failureLines = ({ failed }: FileOutcome) =>
  failed.map(({ lineId, problem }) => ({
    lineId,
    UpdateResourceResponse: { jsonBlob: operationOutcome(problem), statusCode: 400 },
  }));

const operationOutcome = (diagnostics: string) => ({
  resourceType: 'OperationOutcome',
  issue: [{ severity: 'error', code: 'processing', diagnostics }],
});

function manifestOf({ inputS3Uri, kmsKeyId, files = [] }: FhirImportJob, outputS3Uri: string) {
  const sums = totals(files);
  return {
    inputDataConfig: { s3Uri: inputS3Uri },
    outputDataConfig: { s3Uri: outputS3Uri, encryptionKeyID: kmsKeyId },
    successOutput: { successOutputS3Uri: `${outputS3Uri}SUCCESS/` },
    failureOutput: { failureOutputS3Uri: `${outputS3Uri}FAILURE/` },
    numberOfScannedFiles: sums.files,
    numberOfFilesImported: sums.filesImported,
    sizeOfScannedFilesInMB: sums.megabytes,
    sizeOfDataImportedSuccessfullyInMB: sums.megabytesImported,
    numberOfResourcesScanned: sums.imported + sums.failed,
    numberOfResourcesImportedSuccessfully: sums.imported,
    numberOfResourcesWithCustomerError: sums.failed,
    numberOfResourcesWithServerError: 0,
  };
}
