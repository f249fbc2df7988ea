import { parseS3Uri } from '../s3/places.ts';
import type { World } from '../world.ts';
import type { FileOutcome, ImportJob } from './import-job.ts';

/**
 * Writes what an import leaves in S3: `job-output-manifest.json`, `SUCCESS/success.ndjson`, `FAILURE/failure.ndjson` and,
 * for files that were imported with a warning, `WARNING/warning.ndjson`. `inputFile` is the key within the bucket. Whether a file without lines exists AWS does not say: a setting.
 */
export async function writeImportOutputs(world: World, job: ImportJob): Promise<void> {
  const { files = [], outputS3Uri } = job;
  const { bucket, key } = parseS3Uri(outputS3Uri);
  const write = (name: string, text: string) => world.buckets.write({ bucket, key: key + name }, text);
  const writeLines = async (name: string, lines: readonly object[]) => {
    if (lines.length === 0 && !world.settings.writeEmptyNdjson) return;
    await write(name, lines.map((line) => `${JSON.stringify(line)}\n`).join(''));
  };
  await writeLines('SUCCESS/success.ndjson', files.filter(isImported).map(withoutWarnings).map(importedLine));
  await writeLines('FAILURE/failure.ndjson', files.filter((file) => !isImported(file)).map(failureLine));
  const warned = files.filter((file) => 'warnings' in file && file.warnings);
  await writeLines('WARNING/warning.ndjson', warned.map(importedLine));
  // Last: whoever finds the manifest finds the rest.
  await write('job-output-manifest.json', JSON.stringify({ jobSummary: summaryOf(job) }, null, 2));
}

const isImported = (file: FileOutcome) => 'imageSetId' in file;

const importedLine = ({ inputFile, ...importResponse }: FileOutcome) => ({ inputFile, importResponse });

/** Of a file with warnings the list of successes does not say so. */
const withoutWarnings = (file: FileOutcome): FileOutcome =>
  'warnings' in file ? { ...file, warnings: undefined } : file;

const failureLine = ({ inputFile, ...exception }: FileOutcome) => ({ inputFile, exception });

function summaryOf({ jobId, datastoreId, inputS3Uri, outputS3Uri, files = [] }: ImportJob) {
  const summary = imageSetsSummary(files);
  const imported = files.filter(isImported).length;
  return {
    jobId,
    datastoreId,
    inputS3Uri,
    outputS3Uri,
    successOutputS3Uri: `${outputS3Uri}SUCCESS/`,
    failureOutputS3Uri: `${outputS3Uri}FAILURE/`,
    warningsOutputS3Uri: `${outputS3Uri}WARNING/`,
    numberOfScannedFiles: files.length,
    numberOfImportedFiles: imported,
    numberOfFilesWithCustomerError: files.length - imported,
    numberOfFilesWithServerError: 0,
    numberOfGeneratedImageSets: summary.length,
    imageSetsSummary: summary,
  };
}

/** How many instances of the image sets came from this job, for the manifest. */
function imageSetsSummary(files: readonly FileOutcome[]) {
  const summary = new Map<
    string,
    { imageSetId: string; imageSetVersion: number; isPrimary: boolean; numberOfMatchedSOPInstances: number }
  >();
  for (const file of files) {
    if (!('imageSetId' in file)) continue;
    const { imageSetId, imageSetVersion, isPrimary } = file;
    const set = { imageSetId, imageSetVersion, isPrimary };
    const counted = summary.get(file.imageSetId)?.numberOfMatchedSOPInstances ?? 0;
    summary.set(file.imageSetId, { ...set, numberOfMatchedSOPInstances: counted + 1 });
  }
  return [...summary.values()];
}
