import path from 'node:path';
import { parseS3Uri } from '../s3/places.ts';
import type { World } from '../world.ts';
import { totals, type FhirImportJob, type FileOutcome, type JudgedLine } from './fhir-import.ts';

/**
 * Writes what an import leaves in S3: `manifest.json`, and in `SUCCESS/`, `FAILURE/` and, with the validation level
 * `minimal`, `SUCCESS_WITH_SEARCH_VALIDATION_FAILURES/` one file for each name of an input file, with a line for each of its resources. Files of one name in several folders share theirs.
 */
export async function writeImportOutputs(
  world: World,
  job: FhirImportJob,
  outputS3Uri: string,
): Promise<void> {
  const { bucket, key } = parseS3Uri(outputS3Uri);
  const write = (name: string, text: string) => world.buckets.write({ bucket, key: key + name }, text);
  try {
    for (const [name, files] of byName(job.files ?? [])) {
      for (const [folder, linesOf] of Object.entries(LOGS)) {
        const lines = files.flatMap(linesOf);
        if (lines.length > 0) await write(`${folder}/${name}`, ndjson(lines));
      }
    }
    // Last: whoever finds the manifest finds the rest.
    await write('manifest.json', JSON.stringify(manifestOf(job, outputS3Uri), null, 2));
  } catch (error) {
    // The job fails and stores no resource, so no file may report imported resources.
    for (const { key: written } of await world.buckets.list(bucket, key)) {
      await world.buckets.delete({ bucket, key: written });
    }
    throw error;
  }
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

/** What is logged in which folder. A resource with a warning was imported, and is logged in the last one alone. */
const LOGS: Readonly<Record<string, (file: FileOutcome) => object[]>> = {
  SUCCESS: ({ imported, warned }) => {
    const elsewhere = new Set(warned.map(({ lineId }) => lineId));
    return imported
      .filter((lineId) => !elsewhere.has(lineId))
      .map((lineId) => ({ lineId, UpdateResourceResponse: { statusCode: 200 } }));
  },
  FAILURE: ({ failed }) => failed.map((line) => responseLine(line, 400)),
  // The guide names the folder and gives no sample of its lines: they are taken to be as those of the others.
  SUCCESS_WITH_SEARCH_VALIDATION_FAILURES: ({ warned }) => warned.map((line) => responseLine(line, 200)),
};

const responseLine = ({ lineId, issues }: JudgedLine, statusCode: number) => ({
  lineId,
  UpdateResourceResponse: { jsonBlob: { resourceType: 'OperationOutcome', issue: issues }, statusCode },
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
