import { setMaxListeners } from 'node:events';
import {
  GetObjectCommand,
  HeadObjectCommand,
  ListObjectsV2Command,
  PutObjectCommand,
  type ListObjectsV2CommandInput,
  type S3Client,
  type _Object,
} from '@aws-sdk/client-s3';
import { isRecord } from '../lib/guards.ts';
import { linesOf } from './lines.ts';
import { PageMemory, takeObjects, type ListedObject } from './listed-objects.ts';

export interface S3Location {
  bucket: string;
  key: string;
}

/** @throws Error if `uri` is not `s3://bucket/key`, which the input rules exclude */
export function parseS3Uri(uri: string): S3Location {
  const [, bucket, key] = /^s3:\/\/([^/]+)\/?(.*)$/s.exec(uri) ?? [];
  if (bucket === undefined || key === undefined) throw new Error('not an S3 URI (s3://bucket/key)');
  return { bucket, key };
}

/** @returns the object's text, or `undefined` if the object does not exist */
export async function readText(
  s3: S3Client,
  uri: string,
  abortSignal: AbortSignal,
): Promise<string | undefined> {
  return (await open(s3, uri, abortSignal))?.transformToString('utf-8');
}

/** An object to read line by line. */
export interface LinesToRead {
  uri: string;
  /** In bytes, if a list has returned it. */
  size?: number | undefined;
}

/** How many objects are fetched in advance. An S3 client opens at most 50 connections. */
const FETCHED_AHEAD = 16;

/** Only objects below this size (in bytes) are fetched in advance, so that they do not fill the memory of the worker. */
const SMALL = 1_000_000;

/**
 * Reads many objects line by line, in order. Small objects are fetched in advance: an import of HealthLake can write hundreds of
 * thousands of them, and fetching one after the other would take hours.
 *
 * @returns one item for each object; `lines` is empty if the object does not exist
 * @throws the S3 exception of the first object that cannot be read, after the objects before it
 */
export async function* readManyLines(
  s3: S3Client,
  objects: AsyncIterable<LinesToRead>,
  abortSignal: AbortSignal,
): AsyncGenerator<{ uri: string; lines: AsyncIterable<string> }> {
  // Every in-flight request adds a listener to the signal, and Node warns of a memory leak above ten listeners.
  setMaxListeners(2 * FETCHED_AHEAD, abortSignal);
  const ahead: { uri: string; lines: AsyncIterable<string> }[] = [];
  for await (const { uri, size } of objects) {
    const fetched = size !== undefined && size < SMALL ? readText(s3, uri, abortSignal) : undefined;
    // A failed fetch is thrown when its lines are read. Until then Node must not report an unhandled rejection.
    fetched?.catch(() => {});
    ahead.push({ uri, lines: fetched ? linesOfText(fetched) : readUriLines(s3, uri, abortSignal) });
    const next = ahead.length > FETCHED_AHEAD ? ahead.shift() : undefined;
    if (next) yield next;
  }
  yield* ahead;
}

async function* linesOfText(text: Promise<string | undefined>): AsyncGenerator<string> {
  yield* linesOf([Buffer.from((await text) ?? '')]);
}

/** Streams the lines of an object that may be too large for the memory; none if the object does not exist. */
export async function* readUriLines(
  s3: S3Client,
  uri: string,
  abortSignal: AbortSignal,
): AsyncGenerator<string> {
  const body = await open(s3, uri, abortSignal);
  if (body) yield* linesOf(body.transformToWebStream());
}

async function open(s3: S3Client, uri: string, abortSignal: AbortSignal) {
  const { bucket, key } = parseS3Uri(uri);
  try {
    return (await s3.send(new GetObjectCommand({ Bucket: bucket, Key: key }), { abortSignal })).Body;
  } catch (error) {
    if (isRecord(error) && error['name'] === 'NoSuchKey') return undefined;
    throw error;
  }
}

export async function exists(s3: S3Client, uri: string, abortSignal: AbortSignal): Promise<boolean> {
  const { bucket, key } = parseS3Uri(uri);
  try {
    await s3.send(new HeadObjectCommand({ Bucket: bucket, Key: key }), { abortSignal });
    return true;
  } catch (error) {
    if (isRecord(error) && error['name'] === 'NotFound') return false;
    throw error;
  }
}

/** Writes a text as one object, which replaces an earlier one. */
export async function writeText(
  s3: S3Client,
  uri: string,
  text: string,
  abortSignal: AbortSignal,
): Promise<void> {
  const { bucket, key } = parseS3Uri(uri);
  const request = {
    Bucket: bucket,
    Key: key,
    Body: text,
    ContentType: 'application/x-ndjson',
    // For an empty text the SDK does not find it out, and warns of it in the log.
    ContentLength: Buffer.byteLength(text),
  };
  await s3.send(new PutObjectCommand(request), { abortSignal });
}

/**
 * All objects under a prefix, in the order of their keys.
 *
 * @param after - the URI of an object: only objects after it are listed
 */
export async function* listObjects(
  s3: S3Client,
  prefix: string,
  abortSignal: AbortSignal,
  after?: string,
): AsyncGenerator<ListedObject & { uri: string }> {
  const { bucket, key } = parseS3Uri(prefix);
  const StartAfter = after === undefined ? undefined : parseS3Uri(after).key;
  for await (const { objects } of listPages(s3, { Bucket: bucket, Prefix: key, StartAfter }, abortSignal)) {
    for (const object of objects) yield { ...object, uri: `s3://${bucket}/${object.Key}` };
  }
}

/** One page of a list: up to a thousand objects and common prefixes. The objects can be read once, before the next page. */
export interface ListedPage {
  objects: Iterable<ListedObject>;
  prefixes: readonly string[];
}

/**
 * The pages of a list. Names are requested percent-encoded (`EncodingType: url`), because XML cannot hold some characters that
 * a key may contain, and the SDK would fail to read such a page. (S3 API Reference, ListObjectsV2.)
 */
export async function* listPages(
  s3: S3Client,
  request: Omit<ListObjectsV2CommandInput, 'EncodingType'>,
  abortSignal: AbortSignal,
): AsyncGenerator<ListedPage> {
  const memory = new PageMemory();
  let next: string | undefined;
  do {
    const command = new ListObjectsV2Command({
      ...request,
      EncodingType: 'url',
      ...(next !== undefined && { ContinuationToken: next }),
    });
    const objects = takeObjects(command, memory);
    const page = await s3.send(command, { abortSignal });
    // A server that ignores the request for encoding returns the names as they are.
    const nameOf = (name = '') =>
      page.EncodingType === 'url' ? decodeURIComponent(name.replaceAll('+', ' ')) : name;
    yield {
      objects: named(objects, page.Contents ?? [], nameOf),
      prefixes: (page.CommonPrefixes ?? []).map(({ Prefix }) => nameOf(Prefix)),
    };
    next = page.NextContinuationToken;
  } while (next !== undefined);
}

function* named(
  taken: Iterable<ListedObject>,
  others: readonly _Object[],
  nameOf: (name: string | undefined) => string,
): Generator<ListedObject> {
  for (const object of taken) yield { ...object, Key: nameOf(object.Key) };
  for (const object of others) yield { ...object, Key: nameOf(object.Key) };
}
