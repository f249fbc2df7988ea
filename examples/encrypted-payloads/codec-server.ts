import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { json } from 'node:stream/consumers';
import type { Payload } from '@temporalio/common';
import { runMain } from 'aws-health-workflows';
import { encryptionCodec, type EncryptionCodec } from './codec.js';

/** A payload in Protobuf's JSON format, in which bytes are base64 text. */
interface JsonPayload {
  metadata?: Record<string, string>;
  data?: string;
}

const bytes = (base64: string) => Buffer.from(base64, 'base64');
const base64 = (data: Uint8Array) => Buffer.from(data).toString('base64');

function fromJson({ metadata = {}, data }: JsonPayload): Payload {
  const entries = Object.entries(metadata).map(([name, value]) => [name, bytes(value)]);
  return { metadata: Object.fromEntries(entries), ...(data !== undefined && { data: bytes(data) }) };
}

function toJson({ metadata, data }: Payload): JsonPayload {
  const entries = Object.entries(metadata ?? {}).map(([name, value]) => [name, base64(value)]);
  return { metadata: Object.fromEntries(entries), ...(data && { data: base64(data) }) };
}

/**
 * Answers `POST /decode` and `POST /encode`, by the protocol of https://docs.temporal.io/codec-server. It does not authenticate
 * callers, so it listens only on this machine. In production, require the same sign-in as for the Web UI.
 */
async function answer(codec: EncryptionCodec, request: IncomingMessage, response: ServerResponse) {
  // The Web UI calls the codec server from the browser, which needs these headers (CORS).
  response.setHeader('Access-Control-Allow-Origin', process.env['UI_ORIGIN'] ?? 'http://127.0.0.1:8233');
  response.setHeader('Access-Control-Allow-Headers', 'content-type, x-namespace, authorization');
  response.setHeader('Access-Control-Allow-Methods', 'POST');
  if (request.method === 'OPTIONS') return response.writeHead(204).end();
  const [, what] = /\/(encode|decode)$/.exec(request.url ?? '') ?? [];
  if (request.method !== 'POST' || (what !== 'encode' && what !== 'decode'))
    return response.writeHead(404).end();
  try {
    const { payloads } = (await json(request)) as { payloads: JsonPayload[] };
    const answered = await codec[what](payloads.map(fromJson));
    response.setHeader('Content-Type', 'application/json');
    return response.end(JSON.stringify({ payloads: answered.map(toJson) }));
  } catch {
    // Do not include the error: it could contain parts of a payload.
    return response.writeHead(400).end();
  }
}

await runMain(async () => {
  const codec = encryptionCodec();
  const port = Number(process.env['CODEC_PORT'] ?? 8081);
  const server = createServer((request, response) => void answer(codec, request, response));
  server.listen(port, '127.0.0.1', () => console.log(`codec server at http://127.0.0.1:${port}`));
});
