import path from 'node:path';
import { parseS3Uri } from '../s3/buckets.ts';
import type { World } from '../world.ts';
import { totals, type FhirImportJob, type FileOutcome } from './fhir-import.ts';

/**
 * Writes what an import leaves in S3: `manifest.json`, and in `SUCCESS/` and `FAILURE/` one file for each name of an input
 * file, with a line for each of its resources. Files of one name in several folders share theirs.
 */
export async function writeImportOutputs(
  world: World,
  job: FhirImportJob,
  outputS3Uri: string,
): Promise<void> {
  const { bucket, key } = parseS3Uri(outputS3Uri);
  const write = (name: string, text: string) => world.buckets.write({ bucket, key: key + name }, text);
  for (const [name, files] of byName(job.files ?? [])) {
    const [done, failed] = [files.flatMap(successLines), files.flatMap(failureLines)];
    if (done.length > 0) await write(`SUCCESS/${name}`, ndjson(done));
    if (failed.length > 0) await write(`FAILURE/${name}`, ndjson(failed));
  }
  // Last: whoever finds the manifest finds the rest.
  await write('manifest.json', JSON.stringify(manifestOf(job, outputS3Uri), null, 2));
}

function byName(files: readonly FileOutcome[]): Map<string, FileOutcome[]> {
  const names = new Map<string, FileOutcome[]>();
  for (const file of files) {
    const name = path.posix.basename(file.key);
    names.set(name, [...(names.get(name) ?? []), file]);
  }
  return names;
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
