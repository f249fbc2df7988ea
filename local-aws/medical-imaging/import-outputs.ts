import { parseS3Uri } from '../s3/places.ts';
import type { World } from '../world.ts';
import type { FileOutcome, ImportJob } from './import-job.ts';

/**
 * Writes the outputs of an import to S3: `job-output-manifest.json`, `SUCCESS/success.ndjson`, `FAILURE/failure.ndjson` and,
 * for files that were imported with a warning, `WARNING/warning.ndjson`. `inputFile` is the key within the bucket. AWS does not
 * say whether it writes an NDJSON file without lines, so this is a setting.
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
  // Written last, so that a client that finds the manifest finds the other outputs too.
  await write('job-output-manifest.json', JSON.stringify({ jobSummary: summaryOf(job) }, null, 2));
}

const isImported = (file: FileOutcome) => 'imageSetId' in file;

const importedLine = ({ inputFile, ...importResponse }: FileOutcome) => ({ inputFile, importResponse });

/** The line of a file in `success.ndjson` does not contain its warnings. */
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
