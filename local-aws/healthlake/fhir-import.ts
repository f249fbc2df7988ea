import type * as HealthLake from '@aws-sdk/client-healthlake';
import { listInput } from '../import-input.ts';
import { JobFailure } from '../jobs.ts';
import type { FoundObject } from '../s3/object-finder.ts';
import type { S3Location } from '../s3/places.ts';
import type { World } from '../world.ts';
import { readResource, type FhirResource, type FhirRules, type ReadLine } from './fhir.ts';
import type { FhirJob } from './fhir-job.ts';
import { trimSpace } from './json-text.ts';
import { NotUtf8, readLines } from './ndjson.ts';
import { errorIssue, type Issue } from './r4/issues.ts';

/** A line of an ndjson file and what is wrong with it. */
export interface JudgedLine {
  readonly lineId: number;
  readonly issues: readonly Issue[];
}

/** What became of one ndjson file, line by line. */
export interface FileOutcome {
  readonly key: string;
  readonly bytes: number;
  readonly importedBytes: number;
  readonly imported: readonly number[];
  readonly failed: readonly JudgedLine[];
  /** With the validation level `minimal`: imported, with elements that a search will not find. */
  readonly warned: readonly JudgedLine[];
  /** The file is no ndjson in UTF-8: none of its lines counts as scanned. */
  readonly unreadable?: true;
}

export interface FhirImportJob extends FhirJob {
  readonly inputS3Uri: string;
  readonly validationLevel: HealthLake.ValidationLevel;
  readonly files?: readonly FileOutcome[] | undefined;
}

export interface ImportedFiles {
  readonly files: readonly FileOutcome[];
  readonly resources: readonly FhirResource[];
}

/**
 * Reads every object beneath an input prefix and validates each line.
 *
 * @throws JobFailure if the input exceeds a quota, or if the bucket is missing or the prefix is empty and a setting says so
 */
export async function readInput(
  world: World,
  { inputS3Uri, validationLevel }: Pick<FhirImportJob, 'inputS3Uri' | 'validationLevel'>,
): Promise<ImportedFiles> {
  const { bucket, objects } = await listInput(world, inputS3Uri);
  checkQuotas(world, objects);
  const files: FileOutcome[] = [];
  const resources: FhirResource[] = [];
  const rules = { ...world.settings, level: validationLevel };
  for (const { key, size } of objects) {
    const file = await readFile(world, { bucket, key }, rules);
    files.push({ key, bytes: size, ...file.outcome });
    for (const resource of file.resources) resources.push(resource);
  }
  return { files, resources };
}

/** @throws JobFailure: a job that exceeds a quota ends FAILED with a message (developer guide, "Troubleshooting") */
function checkQuotas({ settings }: World, objects: readonly FoundObject[]): void {
  const gigabytes = objects.map(({ size }) => size / 1e9);
  const beyond =
    (objects.length > settings.maxFilesPerFhirImport && `${settings.maxFilesPerFhirImport} files`) ||
    (gigabytes.some((size) => size > settings.maxFhirFileGB) && `${settings.maxFhirFileGB} GB in a file`) ||
    (gigabytes.reduce((sum, size) => sum + size, 0) > settings.maxFhirImportGB &&
      `${settings.maxFhirImportGB} GB in all files`);
  if (beyond) throw new JobFailure(`The job has failed. The input data exceeds the quota of ${beyond}.`);
}

async function readFile(
  { buckets, settings }: World,
  location: S3Location,
  rules: FhirRules,
): Promise<{ outcome: Omit<FileOutcome, 'key' | 'bytes'>; resources: FhirResource[] }> {
  try {
    if (!location.key.endsWith('.ndjson')) throw new NotUtf8();
    const maxLineBytes = settings.maxFhirResourceMB * 1024 * 1024;
    return await judge(readLines(buckets.pieces(location), maxLineBytes), rules);
  } catch (error) {
    if (!(error instanceof NotUtf8)) throw error;
    const nothing = { importedBytes: 0, imported: [], failed: [], warned: [] };
    return { outcome: { ...nothing, unreadable: true }, resources: [] };
  }
}

async function judge(groups: AsyncIterable<readonly (string | undefined)[]>, rules: FhirRules) {
  const imported: number[] = [];
  const failed: JudgedLine[] = [];
  const warned: JudgedLine[] = [];
  const resources: FhirResource[] = [];
  let lineId = 0;
  let importedBytes = 0;
  for await (const lines of groups) {
    for (const line of lines) {
      lineId++;
      if (line !== undefined && isBlank(line)) continue;
      const { resource, issues } = line === undefined ? TOO_LONG : readResource(line, rules);
      if (issues) (resource ? warned : failed).push({ lineId, issues });
      if (!resource) continue;
      imported.push(lineId);
      importedBytes += Buffer.byteLength(resource.json);
      resources.push(resource);
    }
  }
  return { outcome: { importedBytes, imported, failed, warned }, resources };
}

const TOO_LONG: ReadLine = { issues: [errorIssue('The resource is larger than HealthLake takes')] };

const isBlank = (line: string) => trimSpace(line) === '';

/** A file without lines counts as imported: nothing of it is missing. */
const isImported = ({ imported, failed, unreadable }: FileOutcome) =>
  !unreadable && (imported.length > 0 || failed.length === 0);

/** The sums over the files of a job. */
export function totals(files: readonly FileOutcome[]) {
  const sum = (of: (file: FileOutcome) => number) => files.reduce((total, file) => total + of(file), 0);
  return {
    files: files.length,
    filesImported: files.filter(isImported).length,
    unreadableFiles: files.filter(({ unreadable }) => unreadable).length,
    megabytes: sum(({ bytes }) => bytes) / 1e6,
    megabytesImported: sum(({ importedBytes }) => importedBytes) / 1e6,
    imported: sum(({ imported }) => imported.length),
    failed: sum(({ failed }) => failed.length),
  };
}
