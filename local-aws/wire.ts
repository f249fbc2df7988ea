import type { IncomingMessage, ServerResponse } from 'node:http';
import { randomUUID } from 'node:crypto';
import { pipeline } from 'node:stream/promises';
import type { HttpReply, HttpRequest } from './protocols/http.ts';

/** The request as Node received it. Its content has not been read yet. */
export function requestOf(incoming: IncomingMessage, response: ServerResponse): HttpRequest {
  const { method = 'GET', url = '/', headers } = incoming;
  const [path = '/', query = ''] = url.split(/\?(.*)/s);
  const gone = new AbortController();
  response.once('close', () => gone.abort());
  return {
    method,
    path,
    query: new URLSearchParams(query),
    headers,
    body: new Uint8Array(),
    content: incoming,
    gone: gone.signal,
  };
}

/**
 * The request with its content read to the end.
 *
 * @throws Error if the client goes away before that
 */
export async function withBody(request: HttpRequest): Promise<HttpRequest> {
  const chunks: Uint8Array[] = [];
  for await (const chunk of request.content ?? []) chunks.push(chunk as Uint8Array);
  return { ...request, body: Buffer.concat(chunks) };
}

/**
 * Sends a reply. A stream is sent as it is read, so that an object of any size takes little memory.
 *
 * @throws Error if the client goes away before the end
 */
export async function send(
  reply: HttpReply,
  incoming: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  // Reads and drops what is left of the request. A reply with an error may be sent before the request has been read to its end,
  // and the rest would block the connection for the next request.
  incoming.resume();
  const { status, headers, body = '', stream, cut } = reply;
  const content = Buffer.from(body);
  const length = stream ? Number(headers['content-length']) : content.byteLength;
  const requestId = randomUUID();
  response.writeHead(status, {
    'x-amzn-requestid': requestId,
    'x-amz-request-id': requestId,
    // If the reply has no body, one byte is announced that never comes. Otherwise the client would take a cut reply for complete.
    ...(status !== 204 && status !== 304 && { 'content-length': cut ? Math.max(length, 1) : length }),
    ...headers,
  });
  if (cut) {
    await sendHalf(stream ?? [content], length, response);
    incoming.socket.destroy();
  } else if (incoming.method === 'HEAD') {
    discard(reply);
    response.end();
  } else if (stream) await pipeline(stream, response);
  else response.end(content);
}

/** Closes the file from which a reply would have been sent. */
export function discard({ stream }: HttpReply): void {
  stream?.destroy();
}

async function sendHalf(
  content: AsyncIterable<unknown> | Iterable<unknown>,
  length: number,
  response: ServerResponse,
): Promise<void> {
  let left = Math.floor(length / 2);
  for await (const piece of content) {
    const part = (piece as Buffer).subarray(0, left);
    left -= part.byteLength;
    await new Promise((resolve) => response.write(part, resolve));
    if (left === 0) return;
  }
}
