/** An HTTP server that says what it is told to say: for what no faithful service would do, and for counting calls. */
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

/** A body to answer with, an error by AWS name and status, or a connection dropped without an answer. */
export type Reply = object | { $error: string; status: number; message?: string } | 'drop';

export interface Call {
  readonly operation: string;
  readonly query: string;
  readonly body: unknown;
}

export interface ScriptedAws {
  readonly endpoint: string;
  readonly calls: Call[];
  /** Replies by operation, one a call; the last one for ever. S3 objects are `s3://bucket/key`: a reply of text or none. */
  script(replies: Record<string, Reply[]>, objects?: Record<string, string>): void;
  close(): Promise<void>;
}

export async function startScriptedAws(): Promise<ScriptedAws> {
  const calls: Call[] = [];
  let scripted: Record<string, Reply[]> = {};
  let stored: Record<string, string> = {};

  const server = createServer((request, response) => {
    void readBody(request).then((body) => {
      const operation = operationOf(request);
      if (operation === undefined) return answerS3(request, response, stored);
      calls.push({
        operation,
        query: request.url?.split('?')[1] ?? '',
        body: body === '' ? undefined : JSON.parse(body),
      });
      const replies = scripted[operation] ?? [];
      const reply = replies.length > 1 ? replies.shift() : replies[0];
      return answer(
        request,
        response,
        reply ?? { $error: 'ValidationException', status: 400, message: operation },
      );
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    endpoint: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    calls,
    script: (replies, objects = {}) => {
      calls.length = 0;
      scripted = Object.fromEntries(Object.entries(replies).map(([name, list]) => [name, [...list]]));
      stored = objects;
    },
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

const ROUTES: readonly (readonly [RegExp, string])[] = [
  [/^POST \/datastore$/, 'CreateDatastore'],
  [/^GET \/datastore\/[^/]+$/, 'GetDatastore'],
  [/^GET \/datastore$/, 'ListDatastores'],
  [/^POST \/startDICOMImportJob\//, 'StartDICOMImportJob'],
  [/^GET \/getDICOMImportJob\//, 'GetDICOMImportJob'],
  [/^GET \/listDICOMImportJobs\//, 'ListDICOMImportJobs'],
  [/^POST .*\/getImageSet$/, 'GetImageSet'],
  [/^POST .*\/getImageSetMetadata$/, 'GetImageSetMetadata'],
  [/^POST .*\/copyImageSet$/, 'CopyImageSet'],
];

function operationOf({ method, url = '', headers }: IncomingMessage): string | undefined {
  const target = headers['x-amz-target'];
  if (typeof target === 'string') return target.split('.')[1];
  const route = `${method} ${url.split('?')[0]}`;
  return ROUTES.find(([pattern]) => pattern.test(route))?.[1];
}

function answer(request: IncomingMessage, response: ServerResponse, reply: Reply): void {
  if (reply === 'drop') {
    request.socket.destroy();
  } else if ('$error' in reply) {
    const { $error, status, message = 'as scripted' } = reply;
    response.writeHead(status, { 'content-type': 'application/json', 'x-amzn-errortype': $error });
    response.end(JSON.stringify({ __type: $error, message, Message: message }));
  } else {
    response.writeHead(200, { 'content-type': 'application/json' });
    response.end(JSON.stringify(reply));
  }
}

function answerS3(
  { url = '' }: IncomingMessage,
  response: ServerResponse,
  stored: Record<string, string>,
): void {
  const { pathname, searchParams } = new URL(url, 'http://s3');
  const prefix = searchParams.get('prefix');
  const uri = `s3:/${decodeURIComponent(pathname)}`;
  if (prefix !== null) {
    const bucket = uri.endsWith('/') ? uri : `${uri}/`;
    const keys = Object.keys(stored).filter((key) => key.startsWith(bucket + prefix));
    const contents = keys.map((key) => `<Contents><Key>${key.slice(bucket.length)}</Key></Contents>`);
    response.writeHead(200, { 'content-type': 'application/xml' });
    response.end(`<ListBucketResult><IsTruncated>false</IsTruncated>${contents.join('')}</ListBucketResult>`);
  } else if (stored[uri] === undefined) {
    response.writeHead(404, { 'content-type': 'application/xml' });
    response.end('<Error><Code>NoSuchKey</Code><Message>none</Message></Error>');
  } else {
    response.writeHead(200);
    response.end(stored[uri]);
  }
}

async function readBody(request: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(chunk as Buffer);
  return Buffer.concat(chunks).toString('utf8');
}
