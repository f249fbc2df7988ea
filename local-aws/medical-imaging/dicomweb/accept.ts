import { randomUUID } from 'node:crypto';
import { ServiceError } from '../../errors.ts';
import type { HttpReply } from '../../protocols/http.ts';

/** One of the forms in which a caller would take an answer. */
export interface MediaRange {
  /** The answer is to be `multipart/related`, with parts of `type`. */
  readonly multipart: boolean;
  /** `application/dicom`; may end in `*`. */
  readonly type: string;
  /** A UID, or `*` for the transfer syntax in which the instance is stored. */
  readonly transferSyntax: string | undefined;
}

/**
 * Reads an Accept header (RFC 9110 section 12.5.1, PS3.18 section 8.7): what the caller prefers first.
 * `multipart/related; type="image/jphc"; transfer-syntax=*` and `application/dicom` are two examples.
 */
export function readAccept(header: string): MediaRange[] {
  const ranges = (header.match(/(?:[^,"]|"[^"]*")+/g) ?? []).map((text) => {
    const [type = '', ...rest] = (text.match(/(?:[^;"]|"[^"]*")+/g) ?? []).map((part) => part.trim());
    const parameters = new Map(rest.map(readParameter));
    const multipart = type.toLowerCase() === 'multipart/related';
    return {
      multipart,
      type: (multipart ? (parameters.get('type') ?? '*/*') : type).toLowerCase(),
      transferSyntax: parameters.get('transfer-syntax'),
      quality: Number(parameters.get('q') ?? 1),
    };
  });
  return ranges.sort((a, b) => b.quality - a.quality);
}

function readParameter(text: string): [name: string, value: string] {
  const [name = '', value = ''] = text.split(/=(.*)/s);
  return [name.trim().toLowerCase(), value.trim().replaceAll('"', '')];
}

/** Whether a range takes answers of a media type: it names it, or has `*` in its place. */
export function takes({ type }: MediaRange, mediaType: string): boolean {
  return type === mediaType || type === '*/*' || type === `${mediaType.split('/')[0]}/*`;
}

export const notAcceptable = (message: string) =>
  new ServiceError('NotAcceptableException', message, { status: 406 });

export const isNotAcceptable = (error: unknown): error is ServiceError =>
  error instanceof ServiceError && error.type === 'NotAcceptableException';

/** @throws ServiceError NotAcceptableException when the caller does not take JSON */
export function requireJson(accept: string): void {
  const isTaken = (range: MediaRange) =>
    !range.multipart && ['application/dicom+json', 'application/json'].some((type) => takes(range, type));
  if (!readAccept(accept).some(isTaken))
    throw notAcceptable('This is answered as application/dicom+json only.');
}

export interface Part {
  readonly mediaType: string;
  readonly transferSyntax?: string;
  readonly bytes: Uint8Array;
}

const contentType = ({ mediaType, transferSyntax }: Part) =>
  transferSyntax === undefined ? mediaType : `${mediaType}; transfer-syntax=${transferSyntax}`;

/**
 * An answer of one or more parts.
 *
 * @returns undefined where the range wants one without `multipart`, and there are several
 */
export function partsReply({ multipart }: MediaRange, parts: readonly Part[]): HttpReply | undefined {
  const [first] = parts;
  if (!first) throw new Error('an answer has at least one part');
  if (!multipart) {
    if (parts.length > 1) return undefined;
    return { status: 200, headers: { 'content-type': contentType(first) }, body: first.bytes };
  }
  // Random, so that no frame has it within.
  const boundary = randomUUID();
  const body = parts.flatMap((part) => [
    Buffer.from(`\r\n--${boundary}\r\nContent-Type: ${contentType(part)}\r\n\r\n`),
    part.bytes,
  ]);
  return {
    status: 200,
    headers: { 'content-type': `multipart/related; type="${first.mediaType}"; boundary=${boundary}` },
    body: Buffer.concat([...body, Buffer.from(`\r\n--${boundary}--\r\n`)]),
  };
}
