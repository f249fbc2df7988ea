import type { IncomingHttpHeaders } from 'node:http';
import { Readable } from 'node:stream';
import { ServiceError } from '../errors.ts';
import {
  commonErrorStatus,
  retryAfter,
  type HttpReply,
  type HttpRequest,
  type Protocol,
} from '../protocols/http.ts';
import type { S3Location } from './places.ts';
import { S3_OPERATIONS, locationOf, operationOf } from './routes.ts';
import { xml } from './xml.ts';

/** A request. Its content is a stream that has not been read yet. */
export interface S3Request extends S3Location {
  readonly query: URLSearchParams;
  readonly headers: IncomingHttpHeaders;
  readonly content: Readable;
}

/**
 * S3's REST protocol with XML. Unlike the other services, it does not use the SDK's codec: some operations differ only in their
 * query strings, and the SDK adds the bucket to the URL by its endpoint rules, so that using the codec would take more code.
 */
export const s3Protocol: Protocol = {
  operations: S3_OPERATIONS,
  streams: true,
  operationOf,

  decode(_operation, request: HttpRequest): Promise<S3Request> {
    const { query, headers, content = Readable.from([request.body]) } = request;
    return Promise.resolve({ ...locationOf(request), query, headers, content });
  },

  encode: (_operation, reply) => Promise.resolve(reply as HttpReply),

  encodeError(error) {
    const { type, message } = error;
    const status = statusOf(error);
    const headers = { 'content-type': 'application/xml', ...retryAfter(error) };
    // A reply with status 304 (Not Modified) must not have a body.
    if (status === 304) return { status, headers: {} };
    return { status, headers, body: xml('Error', { Code: type, Message: message }) };
  },
};

/** The HTTP status of the errors of S3 whose status is not 400. (S3 API reference, "Error responses") */
const errorStatus: Readonly<Record<string, number>> = {
  AccessDenied: 403,
  BucketAlreadyOwnedByYou: 409,
  BucketNotEmpty: 409,
  InternalError: 500,
  InvalidObjectState: 403,
  InvalidRange: 416,
  NoSuchBucket: 404,
  NoSuchKey: 404,
  NoSuchUpload: 404,
  NotFound: 404,
  NotModified: 304,
  PreconditionFailed: 412,
  SlowDown: 503,
};

const statusOf = ({ type, wire }: ServiceError): number =>
  wire.status ?? errorStatus[type] ?? commonErrorStatus[type] ?? 400;

/** A header of a request. If it was sent several times, its values are joined by commas. */
export function header({ headers }: Pick<S3Request, 'headers'>, name: string): string | undefined {
  const value = headers[name];
  return Array.isArray(value) ? value.join(',') : value;
}

/**
 * A whole number in the query, or `standard` if the query does not have it.
 *
 * @throws ServiceError `InvalidArgument` for anything else
 */
export function numberIn({ query }: S3Request, name: string, standard: number): number {
  const text = query.get(name);
  if (text === null || text === '') return standard;
  if (/^\d{1,9}$/.test(text)) return Number(text);
  throw new ServiceError(
    'InvalidArgument',
    `Provided ${name} not an integer or within integer range: ${JSON.stringify(text)}.`,
  );
}

/**
 * How many entries of a list the caller wants on a page: as many as a page holds, unless the query asks for fewer.
 *
 * @param most - how many a page holds
 * @throws ServiceError `InvalidArgument` if it is not a whole number
 */
export const pageSizeIn = (request: S3Request, name: string, most: number): number =>
  Math.min(numberIn(request, name, most), most);

/** The highest number of a part. (S3 user guide, "Amazon S3 multipart upload limits") */
const MOST_PARTS = 10_000;

/** @throws ServiceError `InvalidArgument` if the query has no part number from 1 to 10,000 */
export function partNumberOf({ query }: S3Request): number {
  const number = Number(query.get('partNumber') ?? NaN);
  if (Number.isInteger(number) && number >= 1 && number <= MOST_PARTS) return number;
  throw new ServiceError('InvalidArgument', `Part number must be an integer between 1 and ${MOST_PARTS}.`);
}
