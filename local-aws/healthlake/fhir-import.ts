import type * as HealthLake from '@aws-sdk/client-healthlake';
import { listInput } from '../import-input.ts';
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
  /** With the validation level `minimal`: imported, with a field that a search will not find. */
  readonly warned?: readonly { readonly lineId: number; readonly problem: string }[];
  /** The file is no ndjson in UTF-8: none of its lines counts as scanned. */
  readonly unreadable?: true;
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
  world: World,
  { inputS3Uri, validationLevel }: Pick<FhirImportJob, 'inputS3Uri' | 'validationLevel'>,
): Promise<{ files: FileOutcome[]; resources: FhirResource[] }> {
  const { bucket, objects } = await listInput(world, inputS3Uri);
  const files: FileOutcome[] = [];
  const resources: FhirResource[] = [];
  for (const { key } of objects) {
    const content = (await world.buckets.read({ bucket, key })) ?? Buffer.alloc(0);
    const file = readFile(key, content, validationLevel === 'minimal');
    files.push({ key, bytes: content.byteLength, ...file.outcome });
    resources.push(...file.resources);
  }
  return { files, resources };
}

function readFile(key: string, content: Buffer, lenient: boolean) {
  const imported: number[] = [];
  const failed: { lineId: number; problem: string }[] = [];
  const warned: { lineId: number; problem: string }[] = [];
  const resources: FhirResource[] = [];
  const text = key.endsWith('.ndjson') ? textOf(content) : undefined;
  for (const [index, line] of (text ?? '').split('\n').entries()) {
    if (line.trim() === '') continue;
    const lineId = index + 1;
    const result = readResource(line, lenient);
    if ('problem' in result) failed.push({ lineId, ...result });
    else {
      imported.push(lineId);
      resources.push(result);
      if (result.warning !== undefined) warned.push({ lineId, problem: result.warning });
    }
  }
  const importedBytes = resources.reduce((sum, { json }) => sum + Buffer.byteLength(json), 0);
  const unreadable = text === undefined && ({ unreadable: true } as const);
  return { resources, outcome: { importedBytes, imported, failed, warned, ...unreadable } };
}

/** The text of a file; undefined where it is not UTF-8, such as one that is compressed or in Latin-1. */
function textOf(content: Buffer): string | undefined {
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(content);
  } catch {
    return undefined;
  }
}

/** A file without a single line has nothing that could be missing. */
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
