import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import path from 'node:path';
import { randomUUID } from 'node:crypto';
import { Agenda } from './agenda.ts';
import { Calls } from './calls.ts';
import { ControlServer } from './control-server.ts';
import { makeDataFolder } from './data-folder.ts';
import { Dispatcher } from './dispatcher.ts';
import { Faults } from './faults.ts';
import { healthLake } from './healthlake/index.ts';
import { medicalImaging } from './medical-imaging/index.ts';
import { dicomWeb } from './medical-imaging/dicomweb/index.ts';
import { Transcoder } from './medical-imaging/codecs/transcoder.ts';
import type { HttpReply, HttpRequest } from './protocols/http.ts';
import { Buckets } from './s3/buckets.ts';
import { s3 } from './s3/index.ts';
import { defaultSettings, type Settings } from './settings.ts';
import { Store } from './store.ts';
import type { World } from './world.ts';

export type { Settings } from './settings.ts';

export interface LocalAwsOptions {
  /** 0, the default, takes any free one. */
  readonly port?: number;
  readonly host?: string;
  /** The folder of all state; `s3://bucket/key` is `<data>/s3/bucket/key`. */
  readonly data: string;
  readonly settings?: Partial<Settings>;
}

export interface LocalAws {
  /** What clients get as `endpoint`, with `disableHostPrefix`, and for S3 `forcePathStyle`. */
  readonly endpoint: string;
  readonly port: number;
  close(): Promise<void>;
}

/**
 * Starts a HealthImaging, HealthLake and S3 on one port, with the state that the data folder holds. Work that a killed
 * process left behind goes on.
 *
 * @throws Error with code `EADDRINUSE` when the port is taken, with code `LEVEL_LOCKED` when the folder is
 */
export async function startLocalAws(options: LocalAwsOptions): Promise<LocalAws> {
  const { port = 0, host = '127.0.0.1' } = options;
  const world = await openWorld(options);
  const imaging = medicalImaging(world);
  const services = [imaging, dicomWeb(world, imaging.protocol), healthLake(world), s3(world)];
  const calls = new Calls(world.store);
  const dispatcher = new Dispatcher(world, services, calls);
  const control = new ControlServer(world, services, calls);
  const server = createServer((incoming, response) => {
    void answer(incoming, response, (request) =>
      request.path.startsWith('/_local/') ? control.answer(request) : dispatcher.answer(request),
    );
  });
  // Longer than clients keep idle connections, or they meet the closing end of one.
  server.keepAliveTimeout = 65_000;
  try {
    world.endpoint = `http://${host}:${await listen(server, port, host)}`;
  } catch (error) {
    await world.store.close();
    throw error;
  }
  for (const service of services) service.resume();
  return {
    endpoint: world.endpoint,
    port: Number(new URL(world.endpoint).port),
    async close() {
      const closed = new Promise((resolve) => server.close(resolve));
      world.faults.reset();
      server.closeAllConnections();
      await closed;
      await world.agenda.close();
      await world.transcoder.close();
      await world.store.close();
    },
  };
}

async function openWorld({ data, settings }: LocalAwsOptions): Promise<World> {
  makeDataFolder(data);
  return {
    data,
    settings: { ...defaultSettings, ...settings },
    store: await openStore(path.join(data, 'state')),
    agenda: new Agenda((key) =>
      console.error(`local-aws: the work of ${key} failed; it is tried again after a restart`),
    ),
    buckets: new Buckets(path.join(data, 's3')),
    faults: new Faults(),
    transcoder: new Transcoder(),
    endpoint: '',
  };
}

async function openStore(folder: string): Promise<Store> {
  try {
    return await Store.open(folder);
  } catch (error) {
    // LevelDB wraps why it cannot open.
    throw error instanceof Error && error.cause instanceof Error ? error.cause : error;
  }
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
    const reply = await handle(await readRequest(incoming));
    if (!reply) {
      incoming.socket.destroy();
      return;
    }
    const { status, headers, body, cut } = reply;
    const content = Buffer.from(body ?? '');
    // One byte is missing even of an answer without a body.
    const length = cut ? Math.max(content.byteLength, 1) : content.byteLength;
    const requestId = randomUUID();
    response.writeHead(status, {
      'x-amzn-requestid': requestId,
      'x-amz-request-id': requestId,
      ...(status !== 204 && { 'content-length': length }),
      ...headers,
    });
    if (cut) {
      response.write(content.subarray(0, content.byteLength / 2), () => incoming.socket.destroy());
    } else response.end(incoming.method === 'HEAD' ? undefined : content);
  } catch {
    // The caller went away in the middle of its request, or asks what is not HTTP.
    incoming.socket.destroy();
  }
}

async function readRequest(incoming: IncomingMessage): Promise<HttpRequest> {
  const chunks: Buffer[] = [];
  for await (const chunk of incoming) chunks.push(chunk as Buffer);
  const { method = 'GET', url = '/', headers } = incoming;
  const [path = '/', query = ''] = url.split(/\?(.*)/s);
  return { method, path, query: new URLSearchParams(query), headers, body: Buffer.concat(chunks) };
}
