import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { LocalAwsControl } from './control.ts';
import type { LocalAwsOptions } from './options.ts';
import { Runtime } from './runtime.ts';
import type { HttpReply, HttpRequest } from './protocols/http.ts';
import { requestOf, send } from './wire.ts';

export interface LocalAws {
  /** The `endpoint` for the clients of the AWS SDK. They also need `disableHostPrefix`, and for S3 `forcePathStyle`. */
  readonly endpoint: string;
  readonly port: number;
  /** `s3://bucket/key` is the file `bucket/key` in this folder. Put the files here that an import is to read. */
  readonly s3Folder: string;
  /** Controls faults, settings, states, reset and snapshots, and reads the log of calls. */
  readonly control: LocalAwsControl;
  close(): Promise<void>;
}

/** See `startLocalAws` in `index.ts`, through which users of the package start it. */
export async function startLocalAws(options: LocalAwsOptions): Promise<LocalAws> {
  const { port = 0, host = '127.0.0.1' } = options;
  const runtime = await Runtime.open(options);
  const server = createServer((incoming, response) => {
    void answer(incoming, response, (request) => runtime.answer(request));
  });
  // Longer than clients keep idle connections. Otherwise the server might close a connection just when a client sends a request.
  server.keepAliveTimeout = 65_000;
  // Node would end a request whose content takes longer than five minutes, as that of a large object may.
  server.requestTimeout = 0;
  try {
    runtime.begin(`http://${hostForClients(host)}:${await listen(server, port, host)}`);
  } catch (error) {
    await runtime.close();
    throw error;
  }
  const { endpoint, s3Folder } = runtime;
  return {
    endpoint,
    port: Number(new URL(endpoint).port),
    s3Folder,
    control: new LocalAwsControl(endpoint),
    async close() {
      const closed = new Promise((resolve) => server.close(resolve));
      runtime.release();
      server.closeAllConnections();
      await closed;
      await runtime.close();
    },
  };
}

/** The host by which clients reach the server. If it listens at all addresses of this machine, this is the loopback address. */
function hostForClients(host: string): string {
  if (host === '0.0.0.0') return '127.0.0.1';
  if (host === '::') return '[::1]';
  return host.includes(':') ? `[${host}]` : host;
}

function listen(server: Server, port: number, host: string): Promise<number> {
  return new Promise((resolve, reject) => {
    server.once('error', reject);
    server.listen(port, host, () => {
      server.off('error', reject);
      const address = server.address();
      resolve(typeof address === 'object' && address ? address.port : port);
    });
  });
}

async function answer(
  incoming: IncomingMessage,
  response: ServerResponse,
  handle: (request: HttpRequest) => Promise<HttpReply | undefined>,
): Promise<void> {
  try {
    const reply = await handle(requestOf(incoming, response));
    if (reply) await send(reply, incoming, response);
    else incoming.socket.destroy();
  } catch {
    // The client has closed the connection in the middle of its request, or has sent what is not HTTP.
    incoming.socket.destroy();
  }
}
