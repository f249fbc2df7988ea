import { JobFailure } from '../jobs.ts';
import { parseS3Uri } from '../s3/buckets.ts';
import type { World } from '../world.ts';
import { lineProblem } from './fhir.ts';
import type { FhirImportJob } from './import-job.ts';

/** What became of one ndjson file, line by line. */
export interface FileOutcome {
  readonly key: string;
  readonly bytes: number;
  readonly importedBytes: number;
  readonly imported: readonly number[];
  readonly failed: readonly { readonly lineId: number; readonly problem: string }[];
}

/**
 * Reads every object beneath the job's input prefix and holds each line against what a resource must have.
 *
 * @throws JobFailure
 */
export async function readInput(world: World, { inputS3Uri }: FhirImportJob): Promise<FileOutcome[]> {
  const { bucket, key: prefix } = parseS3Uri(inputS3Uri);
  const objects = await world.buckets.list(bucket, prefix);
  if (objects.length === 0 && world.settings.emptyInput === 'FAILED') {
    throw new JobFailure('No file was found at the input location.');
  }
  const files: FileOutcome[] = [];
  for (const { key } of objects) {
    files.push(outcomeOf(key, (await world.buckets.read({ bucket, key })) ?? Buffer.alloc(0)));
  }
  return files;
}

function outcomeOf(key: string, content: Buffer): FileOutcome {
  const imported: number[] = [];
  const failed: { lineId: number; problem: string }[] = [];
  let importedBytes = 0;
  for (const [index, line] of content.toString().split('\n').entries()) {
    if (line.trim() === '') continue;
    const problem = lineProblem(line);
    if (problem === undefined) {
      imported.push(index + 1);
      importedBytes += Buffer.byteLength(line);
    } else failed.push({ lineId: index + 1, problem });
  }
  return { key, bytes: content.byteLength, importedBytes, imported, failed };
}

/** The sums over the files of a job. */
export function totals(files: readonly FileOutcome[]) {
  const sum = (of: (file: FileOutcome) => number) => files.reduce((total, file) => total + of(file), 0);
  return {
    files: files.length,
    filesImported: files.filter(({ imported }) => imported.length > 0).length,
    filesWithErrors: files.filter(({ failed }) => failed.length > 0).length,
    megabytes: sum(({ bytes }) => bytes) / 1e6,
    megabytesImported: sum(({ importedBytes }) => importedBytes) / 1e6,
    imported: sum(({ imported }) => imported.length),
    failed: sum(({ failed }) => failed.length),
  };
}
