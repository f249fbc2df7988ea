/** An HTTP server with scripted replies: for replies that the local AWS never gives, and for counting calls. */
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import * as MedicalImaging from '@aws-sdk/client-medical-imaging';
import { RestJson } from '../../local-aws/protocols/rest-json.ts';
import { listen } from './listen.ts';

/** A JSON body, an error by its AWS name and HTTP status, a connection that is closed without a reply, or one that hangs. */
type Answer = object | RawReply | StreamedReply | ErrorReply | 'drop' | 'hang';

/** A body that is not JSON. */
interface RawReply {
  readonly $raw: string;
}

/** A body that the test itself writes, for example slowly or incompletely. */
interface StreamedReply {
  readonly $stream: (response: ServerResponse) => void;
}

interface ErrorReply {
  readonly $error: string;
  readonly status: number;
  readonly message?: string;
  /** The header `Retry-After`, in seconds. */
  readonly retryAfter?: number;
}

/** An object in S3: its text, or an error. A list is used up one item per read; its last item is repeated. */
export type StoredObject = string | ErrorReply | (string | ErrorReply)[];

/** A function computes the reply from the call, for concurrent calls that arrive in any order. */
export type Reply = Answer | ((call: Call) => Answer);

export const error = ($error: string, status = 400, message?: string): ErrorReply => ({
  $error,
  status,
  ...(message !== undefined && { message }),
});

export interface Call {
  readonly operation: string;
  /** As received, percent-encoded. */
  readonly path: string;
  readonly query: string;
  readonly body: unknown;
}

const notScripted = error('ValidationException', 400, 'not scripted');

export interface ScriptedAws {
  readonly endpoint: string;
  readonly calls: Call[];
  /** The names of the called operations, in order. */
  called(): string[];
  callsOf(operation: string): Call[];
  /** The body of the first call of an operation. */
  bodyOf(operation: string): unknown;
  /** Sets the replies by operation, used up one per call, the last one repeated; and the S3 objects by `s3://bucket/key`. */
  script(replies: Record<string, Reply[]>, objects?: Record<string, StoredObject>): void;
  close(): Promise<void>;
}

export async function startScriptedAws(): Promise<ScriptedAws> {
  const calls: Call[] = [];
  let scripted: Record<string, Reply[]> = {};
  let stored: Record<string, StoredObject> = {};

  const server = createServer((request, response) => {
    void readBody(request).then((body) => {
      const operation = operationOf(request);
      if (operation === undefined) return answerS3(request, body, response, stored);
      const [path = '', query = ''] = request.url?.split('?') ?? [];
      const call = { operation, path, query, body: body === '' ? undefined : JSON.parse(body) };
      calls.push(call);
      const replies = scripted[operation] ?? [];
      const reply = (replies.length > 1 ? replies.shift() : replies[0]) ?? notScripted;
      return answer(request, response, typeof reply === 'function' ? reply(call) : reply);
    });
  });
  return {
    endpoint: await listen(server),
    calls,
    called: () => calls.map(({ operation }) => operation),
    callsOf: (name) => calls.filter(({ operation }) => operation === name),
    bodyOf: (name) => calls.find(({ operation }) => operation === name)?.body,
    script: (replies, objects = {}) => {
      calls.length = 0;
      scripted = Object.fromEntries(Object.entries(replies).map(([name, list]) => [name, [...list]]));
      stored = { ...objects };
    },
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

const imaging = new RestJson(
  MedicalImaging,
  new MedicalImaging.MedicalImagingClient({ region: 'us-east-1' }),
);

function operationOf({ method = '', url = '', headers }: IncomingMessage): string | undefined {
  const target = headers['x-amz-target'];
  if (typeof target === 'string') return target.split('.')[1];
  const { pathname: path, searchParams: query } = new URL(url, 'http://aws');
  return imaging.operationOf({ method, path, query, headers, body: new Uint8Array() });
}

function answer(request: IncomingMessage, response: ServerResponse, reply: Answer): void {
  if (reply === 'hang') return;
  if (reply === 'drop') {
    request.socket.destroy();
  } else if ('$stream' in reply) {
    reply.$stream(response);
  } else if ('$error' in reply) {
    const { $error, status, message = 'as scripted', retryAfter } = reply;
    response.writeHead(status, {
      'content-type': 'application/json',
      'x-amzn-errortype': $error,
      ...(retryAfter !== undefined && { 'retry-after': String(retryAfter) }),
    });
    response.end(JSON.stringify({ __type: $error, message, Message: message }));
  } else {
    response.writeHead(200, { 'content-type': 'application/json' });
    response.end('$raw' in reply ? reply.$raw : JSON.stringify(reply));
  }
}

function answerS3(
  { method, url = '' }: IncomingMessage,
  body: string,
  response: ServerResponse,
  stored: Record<string, StoredObject>,
): void {
  const { pathname, searchParams } = new URL(url, 'http://s3');
  const prefix = searchParams.get('prefix');
  const uri = `s3:/${decodeURIComponent(pathname)}`;
  if (method === 'PUT') {
    stored[uri] = body;
    response.writeHead(200).end();
    return;
  }
  if (prefix !== null) {
    const bucket = uri.endsWith('/') ? uri : `${uri}/`;
    const after = bucket + (searchParams.get('start-after') ?? '');
    const keys = Object.keys(stored).filter((key) => key.startsWith(bucket + prefix) && key > after);
    const contents = keys.map(
      (key) => `<Contents><Key>${key.slice(bucket.length)}</Key><Size>1</Size></Contents>`,
    );
    response.writeHead(200, { 'content-type': 'application/xml' });
    response.end(`<ListBucketResult><IsTruncated>false</IsTruncated>${contents.join('')}</ListBucketResult>`);
    return;
  }
  const reads = [stored[uri] ?? error('NoSuchKey', 404)].flat();
  const object = reads[0] ?? '';
  if (reads.length > 1) stored[uri] = reads.slice(1);
  if (typeof object === 'string') {
    response.writeHead(200);
    response.end(object);
  } else {
    response.writeHead(object.status, { 'content-type': 'application/xml' });
    const { $error, message = 'as scripted' } = object;
    response.end(`<Error><Code>${$error}</Code><Message>${message}</Message></Error>`);
  }
}

async function readBody(request: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(chunk as Buffer);
  return Buffer.concat(chunks).toString('utf8');
}
