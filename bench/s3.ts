/**
 * Measures the local S3: the memory for an object of 5 GB, the PUTs per second, compared with only writing files, and the time
 * to list 100,000 objects, compared with only reading their folders.
 *
 *     npm run bench -- s3
 *
 * Takes two minutes, and 10 GB of disk in the folder for temporary files.
 */
import { randomBytes } from 'node:crypto';
import { mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { open, rename } from 'node:fs/promises';
import { Agent, request, type IncomingMessage } from 'node:http';
import os from 'node:os';
import path from 'node:path';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { serve } from './support/served.ts';

const GB = 1024 ** 3;
const PUTS = 200;

/** Each time is the fastest of this many, because other programs on the machine only slow the work down. */
const ROUNDS = 5;

const PUT_BYTES = 10_000;
const OBJECTS = 100_000;

/** The number of folders that contain the objects of a list. */
const SHAPES = { 'one folder': 1, '1,000 folders': 1000 };

const agent = new Agent({ keepAlive: true, maxSockets: 1 });

/** Sends requests over one connection. The content of an object is streamed in both directions. */
class Client {
  readonly #endpoint: string;

  constructor(endpoint: string) {
    this.#endpoint = endpoint;
  }

  async send(
    method: string,
    target: string,
    body?: Buffer | Readable,
    length?: number,
  ): Promise<IncomingMessage> {
    const size = body instanceof Readable ? length : body?.byteLength;
    return new Promise((resolve, reject) => {
      const sent = request(
        this.#endpoint + target,
        { method, agent, headers: size === undefined ? {} : { 'content-length': size } },
        resolve,
      ).on('error', reject);
      if (body instanceof Readable) pipeline(body, sent).catch(reject);
      else sent.end(body);
    });
  }

  async text(method: string, target: string, body?: Buffer | Readable, length?: number): Promise<string> {
    const reply = await this.send(method, target, body, length);
    const pieces: Buffer[] = [];
    for await (const piece of reply) pieces.push(piece as Buffer);
    const text = Buffer.concat(pieces).toString();
    if (reply.statusCode !== 200) throw new Error(`${method} ${target}: ${reply.statusCode} ${text}`);
    return text;
  }
}

async function seconds(work: () => Promise<void>): Promise<number> {
  const began = performance.now();
  await work();
  return (performance.now() - began) / 1000;
}

const show = (what: string, value: string) => console.log(`${what.padEnd(54)}${value.padStart(12)}`);

async function largeObject(data: string): Promise<void> {
  const { megabytes: before } = await (await serve(path.join(data, 'unused'))).stop();
  const server = await serve(path.join(data, 'used'));
  const client = new Client(server.endpoint);
  const piece = randomBytes(1024 ** 2);
  const pieces = Readable.from(Array.from({ length: 5 * 1024 }, () => piece));
  const put = await seconds(async () => void (await client.text('PUT', '/large/object', pieces, 5 * GB)));
  show('5 GB object: PUT', `${put.toFixed(1)} s`);
  const get = await seconds(async () => {
    let bytes = 0;
    for await (const received of await client.send('GET', '/large/object'))
      bytes += (received as Buffer).length;
    if (bytes !== 5 * GB) throw new Error(`${bytes} bytes came back`);
  });
  show('5 GB object: GET', `${get.toFixed(1)} s`);
  const { megabytes } = await server.stop();
  show('5 GB object: most memory of a server without requests', `${before} MB`);
  show('5 GB object: most memory of the server', `${megabytes} MB`);
}

async function putRate(data: string): Promise<void> {
  const server = await serve(data);
  const client = new Client(server.endpoint);
  const body = randomBytes(PUT_BYTES);
  const puts = async () => {
    for (let i = 0; i < PUTS; i++) await client.text('PUT', `/puts/${i}`, body);
  };
  const bare = async () => {
    for (let i = 0; i < PUTS; i++) {
      const file = await open(path.join(data, 'bare'), 'w');
      await file.writeFile(body);
      await file.sync();
      await file.close();
      await rename(path.join(data, 'bare'), path.join(data, `bare-${i}`));
    }
  };
  await puts();
  const times: { puts: number[]; bare: number[] } = { puts: [], bare: [] };
  for (let round = 0; round < ROUNDS; round++) {
    times.puts.push(await seconds(puts));
    times.bare.push(await seconds(bare));
  }
  await server.stop();
  const [ofPuts, ofBare] = [Math.min(...times.puts), Math.min(...times.bare)];
  show('PUT of 10 kB, a second', (PUTS / ofPuts).toFixed(0));
  show('write, fsync and rename of 10 kB, a second', (PUTS / ofBare).toFixed(0));
  show('time of a PUT as a multiple of bare writing', (ofPuts / ofBare).toFixed(2));
}

/** Reads all pages of a list. */
async function listAll(client: Client, bucket: string): Promise<void> {
  let [token, pages, keys] = ['', 0, 0];
  do {
    const next = token && `&continuation-token=${token}`;
    const page = await client.text('GET', `/${bucket}/?list-type=2${next}`);
    keys += page.split('<Key>').length - 1;
    pages += 1;
    token = /<NextContinuationToken>(.*?)</.exec(page)?.[1] ?? '';
  } while (token);
  if (keys !== OBJECTS) throw new Error(`${pages} pages list ${keys} keys`);
}

async function listPages(data: string): Promise<void> {
  const server = await serve(data);
  const client = new Client(server.endpoint);
  for (const [shape, folders] of Object.entries(SHAPES)) {
    const bucket = `list-${folders}`;
    const root = path.join(data, 's3', bucket);
    for (let i = 0; i < OBJECTS; i++) {
      const folder = path.join(root, `folder-${i % folders}`);
      if (i < folders) mkdirSync(folder, { recursive: true });
      writeFileSync(path.join(folder, `object-${i}`), 'x');
    }
    const first = await seconds(() => listAll(client, bucket));
    show(`${shape}: 100 pages, MD5 of dropped files included`, `${first.toFixed(2)} s`);
    const again: number[] = [];
    const bare: number[] = [];
    for (let round = 0; round < ROUNDS; round++) {
      again.push(await seconds(() => listAll(client, bucket)));
      bare.push(await seconds(async () => void readdirSync(root, { recursive: true })));
    }
    show(`${shape}: 100 pages`, `${Math.min(...again).toFixed(2)} s`);
    show(`${shape}: bare reading of the folders, once`, `${Math.min(...bare).toFixed(2)} s`);
  }
  await server.stop();
}

const data = mkdtempSync(path.join(os.tmpdir(), 'bench-s3-'));
try {
  await largeObject(path.join(data, 'large'));
  rmSync(path.join(data, 'large'), { recursive: true });
  await putRate(path.join(data, 'puts'));
  await listPages(path.join(data, 'lists'));
} finally {
  rmSync(data, { recursive: true });
}
agent.destroy();
