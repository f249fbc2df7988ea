/**
 * The files of staged jobs. A copy is named by its ordinal, so that long keys, equal names and patients' names need no rule, and
 * line `n` of a list in S3, below the plan, is the key of the file that copy `n` was made of.
 */
import { DeleteObjectsCommand, type S3Client } from '@aws-sdk/client-s3';
import type { ImportingService } from '../report-lines.ts';
import { listPages, parseS3Uri, readUriLines } from '../s3.ts';

/** A line of the list: a file to copy. */
export interface StagedFile {
  readonly key: string;
  readonly bytes: number;
}

/** A file that could not be copied. */
export interface NotCopied {
  /** Its line in the list, from 1. */
  readonly line: number;
  readonly key: string;
  readonly reason: WhyNotCopied;
}

/** `archived`: it must be restored before anybody can read it. `missing`: it was deleted after it had been listed. */
export type WhyNotCopied = 'archived' | 'missing';

export const stagedFiles = (planUri: string, index: number) => ({
  list: `${planUri}stage/${index}.ndjson`,
  notCopied: `${planUri}stage/${index}.not-copied.ndjson`,
});

const EXTENSIONS: Readonly<Record<ImportingService, string>> = {
  'medical-imaging': 'dcm',
  healthlake: 'ndjson',
};

/** @param line - from 1 */
export const copyName = (service: ImportingService, line: number): string =>
  `${String(line).padStart(7, '0')}.${EXTENSIONS[service]}`;

/** @returns the line in the list; `undefined` if the name is not one of {@link copyName} */
export function lineOf(name: string): number | undefined {
  const [, digits] = /(?:^|\/)(\d{7})\.[a-z]+$/.exec(name) ?? [];
  return digits === undefined ? undefined : Number(digits);
}

/** Replaces the names of copies by the keys of the originals. */
export async function withOriginals<Entry extends { readonly file: string }>(
  s3: S3Client,
  list: string,
  entries: readonly Entry[],
  abort: AbortSignal,
): Promise<Entry[]> {
  const keys = new Map(entries.map(({ file }) => [lineOf(file), '']));
  let line = 0;
  if (entries.length > 0) {
    for await (const text of readUriLines(s3, list, abort)) {
      line += 1;
      if (keys.has(line)) keys.set(line, (JSON.parse(text) as StagedFile).key);
    }
  }
  return entries.map((entry) => ({ ...entry, file: keys.get(lineOf(entry.file)) || entry.file }));
}

export async function notCopiedOf(s3: S3Client, uri: string, abort: AbortSignal): Promise<NotCopied[]> {
  const files: NotCopied[] = [];
  for await (const line of readUriLines(s3, uri, abort)) files.push(JSON.parse(line));
  return files;
}

/** The lines of the copies that exist below a prefix. */
export async function copiedLines(
  s3: S3Client,
  prefix: string,
  abort: AbortSignal,
  onPage: () => void,
): Promise<Set<number>> {
  const { bucket: Bucket, key: Prefix } = parseS3Uri(prefix);
  const lines = new Set<number>();
  for await (const { objects } of listPages(s3, { Bucket, Prefix }, abort)) {
    for (const { Key } of objects) {
      const line = lineOf(Key);
      if (line !== undefined) lines.add(line);
    }
    onPage();
  }
  return lines;
}

/**
 * Removes the copies below a prefix.
 *
 * @returns how many S3 has refused to remove, for example because the worker's role may not delete objects
 */
export async function removeCopies(
  s3: S3Client,
  prefix: string,
  abort: AbortSignal,
  onPage: () => void,
): Promise<number> {
  const { bucket: Bucket, key: Prefix } = parseS3Uri(prefix);
  let left = 0;
  for await (const { objects } of listPages(s3, { Bucket, Prefix }, abort)) {
    const Objects = [...objects].map(({ Key }) => ({ Key }));
    if (Objects.length === 0) continue;
    const Delete = { Objects, Quiet: true };
    const { Errors = [] } = await s3.send(new DeleteObjectsCommand({ Bucket, Delete }), {
      abortSignal: abort,
    });
    left += Errors.length;
    onPage();
  }
  return left;
}
