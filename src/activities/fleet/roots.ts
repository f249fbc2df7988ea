/** The folders that a fleet imports. */
import { createHash } from 'node:crypto';
import { ApplicationFailure } from '@temporalio/activity';
import type { S3Client } from '@aws-sdk/client-s3';
import { canonicalJson } from '../../lib/canonical-json.ts';
import { folderUri } from '../../lib/folder-uri.ts';
import { isRecord } from '../../lib/guards.ts';
import { readUriLines } from '../s3.ts';

/** What is to be imported: one of the three. */
export interface FleetSource {
  /** Everything below a folder. */
  readonly inputS3Uri?: string | undefined;
  /** Folders. */
  readonly imports?: readonly string[] | undefined;
  /** The URI of an ndjson file whose lines name folders: `{"inputS3Uri": "s3://bucket/folder/"}`. */
  readonly importsS3Uri?: string | undefined;
}

/**
 * The plan id, by which a second run on the same plan finds what the first one has done. It is part of the names and tokens of
 * all jobs, and takes 16 hexadecimal digits of SHA-256.
 */
export const planIdOf = (order: unknown): string =>
  createHash('sha256').update(canonicalJson(order)).digest('hex').slice(0, 16);

/**
 * The folders of a source, in the order of S3, each with a slash at its end.
 *
 * @throws ApplicationFailure `ValidationFailed` that names folders which occur twice or lie within one another, and lines that
 *   name no folder
 */
export async function rootsOf(
  s3: S3Client,
  source: FleetSource,
  abortSignal: AbortSignal,
): Promise<string[]> {
  const roots = (await namedFolders(s3, source, abortSignal)).map(folderUri);
  const sorted = inOrder(roots);
  const problems: string[] = [];
  let last: string | undefined;
  for (const root of sorted) {
    if (last !== undefined && root === last) problems.push(`${root} occurs more than once`);
    else if (last !== undefined && root.startsWith(last)) problems.push(`${root} lies within ${last}`);
    else last = root;
  }
  refuse(problems);
  return sorted;
}

async function namedFolders(
  s3: S3Client,
  { inputS3Uri, imports, importsS3Uri }: FleetSource,
  abortSignal: AbortSignal,
): Promise<string[]> {
  if (inputS3Uri !== undefined) return [inputS3Uri];
  if (imports !== undefined) return [...imports];
  const folders: string[] = [];
  const problems: string[] = [];
  let number = 0;
  for await (const line of readUriLines(s3, importsS3Uri ?? '', abortSignal)) {
    number += 1;
    const folder = folderIn(line);
    if (folder === undefined) problems.push(`line ${number} of importsS3Uri names no folder`);
    else folders.push(folder);
  }
  if (number === 0) problems.push('importsS3Uri names an object that does not exist or has no line');
  refuse(problems);
  return folders;
}

const FOLDER = /^s3:\/\/[a-z0-9][.\-a-z0-9]{1,61}[a-z0-9](\/.*)?$/s;

function folderIn(line: string): string | undefined {
  try {
    const value: unknown = JSON.parse(line);
    const folder = isRecord(value) ? (value['inputS3Uri'] ?? value['InputS3Uri']) : undefined;
    return typeof folder === 'string' && FOLDER.test(folder) ? folder : undefined;
  } catch {
    return undefined;
  }
}

/** How many problems a failure names. */
const MOST_NAMED = 20;

/** Names of folders may hold patient data, so they are in the details and not in the message, which logs and lists show. */
function refuse(problems: readonly string[]): void {
  if (problems.length === 0) return;
  throw ApplicationFailure.create({
    type: 'ValidationFailed',
    message:
      `the folders to import have ${problems.length} ${problems.length === 1 ? 'problem' : 'problems'} (folders that occur twice or lie within one another, or lines ` +
      'that name no folder); they are named in the details',
    nonRetryable: true,
    details: [{ named: problems.slice(0, MOST_NAMED) }],
  });
}

/** Sorts as S3 does: by the bytes of UTF-8, which for some characters is not the order of JavaScript. */
export function inOrder(names: readonly string[]): string[] {
  return names.toSorted(compareKeys);
}

export function compareKeys(one: string, other: string): number {
  let at = 0;
  while (at < one.length && one.charCodeAt(at) === other.charCodeAt(at)) at += 1;
  if (at === one.length || at === other.length) return one.length - other.length;
  return placeInUtf8(one.charCodeAt(at)) - placeInUtf8(other.charCodeAt(at));
}

/** The halves of a surrogate pair stand for characters that come after all others in UTF-8. */
function placeInUtf8(codeUnit: number): number {
  if (codeUnit >= 0xe000) return codeUnit - 0x800;
  return codeUnit >= 0xd800 ? codeUnit + 0x2000 : codeUnit;
}
