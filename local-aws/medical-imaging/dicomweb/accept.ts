import { randomUUID } from 'node:crypto';
import { Readable } from 'node:stream';
import { ServiceError } from '../../errors.ts';
import type { HttpReply } from '../../protocols/http.ts';
import { contentOf, type Content } from '../content.ts';

/** One entry of an Accept header: a form in which the caller accepts the answer. */
export interface MediaRange {
  /** The caller wants a `multipart/related` answer, whose parts have the media type `type`. */
  readonly multipart: boolean;
  /** A media type such as `application/dicom`; may contain a wildcard: `image/*`. */
  readonly type: string;
  /** A UID, or `*` for the transfer syntax in which the instance is stored; undefined if the caller names none. */
  readonly transferSyntax: string | undefined;
}

/**
 * Parses an Accept header (RFC 9110 section 12.5.1, PS3.18 section 8.7) and sorts its entries by `q`, the preferred one first.
 * Two examples of entries: `multipart/related; type="image/jphc"; transfer-syntax=*` and `application/dicom`.
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

/** Whether an entry accepts a media type: it names the type, or a wildcard matches it. */
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
  readonly content: Content;
}

const contentType = ({ mediaType, transferSyntax }: Part) =>
  transferSyntax === undefined ? mediaType : `${mediaType}; transfer-syntax=${transferSyntax}`;

/**
 * The answer with these parts: as `multipart/related`, or, if the entry does not ask for that, just the bytes of the only part.
 *
 * @returns undefined if there are several parts and the entry does not accept `multipart/related`
 */
export function partsReply({ multipart }: MediaRange, parts: readonly Part[]): HttpReply | undefined {
  const [first] = parts;
  if (!first) throw new Error('an answer has at least one part');
  if (!multipart) return parts.length > 1 ? undefined : reply(contentType(first), [first.content]);
  // Random, because a boundary that occurs in the bytes of a part would end the part too early.
  const boundary = randomUUID();
  const text = (line: string) => contentOf(Buffer.from(line));
  return reply(`multipart/related; type="${first.mediaType}"; boundary=${boundary}`, [
    ...parts.flatMap((part) => [
      text(`\r\n--${boundary}\r\nContent-Type: ${contentType(part)}\r\n\r\n`),
      part.content,
    ]),
    text(`\r\n--${boundary}--\r\n`),
  ]);
}

function reply(type: string, contents: readonly Content[]): HttpReply {
  const length = contents.reduce((sum, { size }) => sum + size, 0);
  return {
    status: 200,
    headers: { 'content-type': type, 'content-length': String(length) },
    // Not in object mode, in which a stream reads 16 pieces ahead.
    stream: Readable.from(piecesOf(contents), { objectMode: false }),
  };
}

async function* piecesOf(contents: readonly Content[]): AsyncGenerator<Uint8Array> {
  for (const { pieces } of contents) yield* pieces;
}
