/** Divides the input of a fleet into shards, each of which one activity reads. */
import type { S3Client } from '@aws-sdk/client-s3';
import { listPages, parseS3Uri } from '../s3.ts';
import type { JobLimits } from './cut.ts';
import type { KeyRange, Shard } from './plan-files.ts';
import { inOrder } from './roots.ts';

/** So that several workers can read at once, and a kill costs no more than a part of one shard. */
const FEWEST_SHARDS = 16;
const MOST_SHARDS = 64;

/** How many folders of a list one shard reads at least, if there are many. */
const FOLDERS_A_SHARD = 1_000;

/**
 * @param roots - the folders to import, in the order of S3
 * @param onPage - called after each request
 */
export async function shardsOf(
  s3: S3Client,
  roots: readonly string[],
  limits: JobLimits,
  abortSignal: AbortSignal,
  onPage: () => void,
): Promise<Shard[]> {
  const [root] = roots;
  if (root === undefined) return [];
  if (roots.length === 1) return shardsOfFolder(s3, root, limits, abortSignal, onPage);
  const wanted = Math.min(Math.max(FEWEST_SHARDS, Math.ceil(roots.length / FOLDERS_A_SHARD)), MOST_SHARDS);
  const size = Math.ceil(roots.length / wanted);
  const shards: Shard[] = [];
  for (let from = 0; from < roots.length; from += size) {
    shards.push({ limits, tooLarge: [], ranges: roots.slice(from, from + size).map(wholeFolder) });
  }
  return shards;
}

function wholeFolder(uri: string): KeyRange {
  const { bucket, key: prefix } = parseS3Uri(uri);
  return { bucket, prefix };
}

/**
 * Divides one folder at its sub-folders. A folder that is divided between shards must be too large for one job: each shard sees
 * only a part of it, and could not tell.
 */
async function shardsOfFolder(
  s3: S3Client,
  uri: string,
  limits: JobLimits,
  abortSignal: AbortSignal,
  onPage: () => void,
): Promise<Shard[]> {
  const { bucket, prefix: root } = wholeFolder(uri);
  const fits = (prefix: string) => isOneJob(s3, { bucket, prefix }, limits, abortSignal, onPage);
  const subfolders = (prefix: string) => foldersIn(s3, { bucket, prefix }, abortSignal, onPage);
  if (await fits(root)) return [{ limits, tooLarge: [], ranges: [{ bucket, prefix: root }] }];

  let bounds = await subfolders(root);
  const tooLarge = bounds.length > 0 ? [root] : [];
  for (let candidates = bounds; bounds.length < FEWEST_SHARDS && candidates.length > 0;) {
    const deeper: string[] = [];
    for (const candidate of candidates) {
      if (await fits(candidate)) continue;
      const inside = await subfolders(candidate);
      if (inside.length > 0) tooLarge.push(candidate);
      deeper.push(...inside);
    }
    bounds = inOrder([...bounds, ...deeper]);
    candidates = deeper;
  }
  return rangesBetween({ bucket, prefix: root }, thinned(bounds)).map((range) => ({
    limits,
    tooLarge,
    ranges: [range],
  }));
}

function rangesBetween(folder: KeyRange, bounds: readonly string[]): KeyRange[] {
  const inner = bounds.slice(1);
  return [undefined, ...inner].map((from, index) => {
    const to = inner[index];
    return { ...folder, ...(from !== undefined && { from }), ...(to !== undefined && { to }) };
  });
}

function thinned(bounds: readonly string[]): readonly string[] {
  const step = Math.ceil(bounds.length / MOST_SHARDS);
  return bounds.filter((_, index) => index % step === 0);
}

/** Whether one job may have everything below a folder. Reads no more than one job may have. */
async function isOneJob(
  s3: S3Client,
  { bucket: Bucket, prefix: Prefix }: KeyRange,
  limits: JobLimits,
  abortSignal: AbortSignal,
  onPage: () => void,
): Promise<boolean> {
  let [files, bytes] = [0, 0];
  const folders = new Set<string>();
  for await (const { objects } of listPages(s3, { Bucket, Prefix }, abortSignal)) {
    for (const { Key, Size = 0 } of objects) {
      if (isFolderMarker(Key, Size)) continue;
      files += 1;
      bytes += Size;
      folders.add(Key.slice(0, Key.lastIndexOf('/') + 1));
    }
    onPage();
    if (files > limits.files || bytes > limits.bytes || folders.size > (limits.folders ?? Infinity))
      return false;
  }
  return true;
}

async function foldersIn(
  s3: S3Client,
  { bucket: Bucket, prefix: Prefix }: KeyRange,
  abortSignal: AbortSignal,
  onPage: () => void,
): Promise<string[]> {
  const folders: string[] = [];
  for await (const { prefixes } of listPages(s3, { Bucket, Prefix, Delimiter: '/' }, abortSignal)) {
    folders.push(...prefixes);
    onPage();
  }
  return folders;
}

/** Empty objects that represent folders in the S3 console. */
export const isFolderMarker = (key: string, size: number) => size === 0 && key.endsWith('/');
