import type * as HealthLake from '@aws-sdk/client-healthlake';
import { JobFailure } from '../jobs.ts';
import { parseS3Uri } from '../s3/buckets.ts';
import type { World } from '../world.ts';
import { readResource, type FhirResource } from './fhir.ts';
import type { FhirJob } from './fhir-job.ts';

/** What became of one ndjson file, line by line. */
export interface FileOutcome {
  readonly key: string;
  readonly bytes: number;
  readonly importedBytes: number;
  readonly imported: readonly number[];
  readonly failed: readonly { readonly lineId: number; readonly problem: string }[];
}

export interface FhirImportJob extends FhirJob {
  readonly inputS3Uri: string;
  readonly validationLevel: HealthLake.ValidationLevel;
  readonly files?: readonly FileOutcome[] | undefined;
}

/**
 * Reads every object beneath an input prefix and holds each line against what a resource must have.
 *
 * @throws JobFailure
 */
export async function readInput(
  { buckets, settings }: World,
  inputS3Uri: string,
): Promise<{ files: FileOutcome[]; resources: FhirResource[] }> {
  const { bucket, key: prefix } = parseS3Uri(inputS3Uri);
  const objects = await buckets.list(bucket, prefix);
  if (objects.length === 0 && settings.emptyInput === 'FAILED') {
    throw new JobFailure('No file was found at the input location.');
  }
  const files: FileOutcome[] = [];
  const resources: FhirResource[] = [];
  for (const { key } of objects) {
    const content = (await buckets.read({ bucket, key })) ?? Buffer.alloc(0);
    const file = readFile(content);
    files.push({ key, bytes: content.byteLength, ...file.outcome });
    resources.push(...file.resources);
  }
  return { files, resources };
}

function readFile(content: Buffer) {
  const imported: number[] = [];
  const failed: { lineId: number; problem: string }[] = [];
  const resources: FhirResource[] = [];
  for (const [index, line] of content.toString().split('\n').entries()) {
    if (line.trim() === '') continue;
    const result = readResource(line);
    if ('problem' in result) failed.push({ lineId: index + 1, ...result });
    else {
      imported.push(index + 1);
      resources.push(result);
    }
  }
  const importedBytes = resources.reduce((sum, { json }) => sum + Buffer.byteLength(json), 0);
  return { resources, outcome: { importedBytes, imported, failed } };
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
