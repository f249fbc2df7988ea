import { createInterface } from 'node:readline/promises';
import { Readable } from 'node:stream';
import { GetObjectCommand, paginateListObjectsV2, type S3Client, type _Object } from '@aws-sdk/client-s3';
import { isRecord } from '../guards.ts';

export interface S3Location {
  bucket: string;
  key: string;
}

/** @throws Error when `uri` is not `s3://bucket/key`; the rules for inputs let no other through */
export function parseS3Uri(uri: string): S3Location {
  const [, bucket, key] = /^s3:\/\/([^/]+)\/?(.*)$/s.exec(uri) ?? [];
  if (bucket === undefined || key === undefined) throw new Error('not an S3 URI (s3://bucket/key)');
  return { bucket, key };
}

/** @returns the object's text, or `undefined` where there is no such object */
export async function readText(
  s3: S3Client,
  uri: string,
  abortSignal: AbortSignal,
): Promise<string | undefined> {
  return (await open(s3, uri, abortSignal))?.transformToString('utf-8');
}

/** The lines of an object that may be too big to hold, but for empty ones; none where there is no such object. */
export async function* readLines(
  s3: S3Client,
  uri: string,
  abortSignal: AbortSignal,
): AsyncGenerator<string> {
  const body = await open(s3, uri, abortSignal);
  if (!(body instanceof Readable)) return;
  for await (const line of createInterface({ input: body, crlfDelay: Infinity })) {
    if (line.trim() !== '') yield line;
  }
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

/** The URIs of all objects under a prefix, page by page. */
export async function* listUris(
  s3: S3Client,
  prefix: string,
  abortSignal: AbortSignal,
): AsyncGenerator<string> {
  const { bucket } = parseS3Uri(prefix);
  for await (const { Key } of listObjects(s3, prefix, abortSignal)) yield `s3://${bucket}/${Key}`;
}

/** All objects under a prefix, page by page. */
export async function* listObjects(
  s3: S3Client,
  prefix: string,
  abortSignal: AbortSignal,
): AsyncGenerator<_Object> {
  const { bucket, key } = parseS3Uri(prefix);
  for await (const page of paginateListObjectsV2(
    { client: s3 },
    { Bucket: bucket, Prefix: key },
    { abortSignal },
  )) {
    yield* page.Contents ?? [];
  }
}
