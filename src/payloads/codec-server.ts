import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { Payload, PayloadCodec } from '@temporalio/common';
import { isRecord } from '../lib/guards.ts';
import { UserError, knownReason } from '../lib/user-error.ts';
import type { Access } from './codec-access.ts';
import { KEY_ID } from './encryption-codec.ts';
import { fromJson, toJson } from './payload-json.ts';

export interface CodecServerOptions {
  readonly codec: PayloadCodec;
  /** The namespace whose payloads the codec decrypts. */
  readonly namespace: string;
  readonly access: Access;
  /** The origin of the Web UI, the only one whose pages may call the server. */
  readonly uiOrigin: string;
  /** Gets what became of each request: who asked, and which keys were used, never what was decrypted. */
  readonly log: (record: CodecRecord) => void;
}

export interface CodecRecord {
  readonly time: string;
  readonly what: 'encode' | 'decode';
  /** Absent if the caller was refused. */
  readonly who?: string;
  readonly status: number;
  readonly payloads: number;
  /** The ids of the keys of payloads that were decrypted. */
  readonly keys: readonly string[];
  /** Why keys could not be used, such as the answer of KMS. It holds no part of a payload. */
  readonly reason?: string;
}

/** More than a page of the Web UI needs: Temporal limits a payload to 2 MB. */
const MOST_BYTES = 64 * 1024 * 1024;

/** A reason not to answer. Its text is not sent: it could contain parts of a payload. */
class Refusal extends Error {
  constructor(
    readonly status: number,
    readonly reason?: string,
  ) {
    super(`status ${status}`);
  }
}

/**
 * A server with `POST /encode` and `POST /decode`, by the protocol that the Web UI and the Temporal CLI speak.
 *
 * @see https://docs.temporal.io/codec-server
 */
export function createCodecServer(options: CodecServerOptions): Server {
  return createServer((request, response) => void answer(options, request, response));
}

async function answer(options: CodecServerOptions, request: IncomingMessage, response: ServerResponse) {
  const { method = '', url = '' } = request;
  const origin = request.headers.origin;
  response.setHeader('access-control-allow-origin', options.uiOrigin).setHeader('vary', 'origin');
  if (origin !== undefined && origin !== options.uiOrigin) return end(response, 403);
  if (method === 'OPTIONS') {
    response.setHeader('access-control-allow-methods', 'POST');
    // The Web UI sends a request for each payload. Without this, Chromium would ask again before a request every five seconds.
    response.setHeader('access-control-max-age', '7200');
    response.setHeader('access-control-allow-headers', 'content-type, x-namespace, authorization');
    return end(response, 204);
  }
  const [, what] = /\/(encode|decode)$/.exec(url) ?? [];
  if (what !== 'encode' && what !== 'decode') return end(response, 404);
  if (method !== 'POST') return end(response, 405);
  const { status, body, ...record } = await serve(options, what, request);
  options.log({ time: new Date().toISOString(), what, status, ...record });
  return end(response, status, body);
}

/** Answers a request of a caller who may ask, and says what to log. */
async function serve(
  options: CodecServerOptions,
  what: 'encode' | 'decode',
  request: IncomingMessage,
): Promise<Omit<CodecRecord, 'time' | 'what'> & { body?: string }> {
  let who: string | undefined;
  let asked: Payload[] = [];
  const logged = () => ({ ...(who !== undefined && { who }), payloads: asked.length });
  try {
    who = await options.access(request.headers).catch(refuse);
    if (who === undefined) throw new Refusal(401);
    const { 'x-namespace': namespace } = request.headers;
    // The Temporal CLI sends an empty name for the default namespace.
    if (namespace && namespace !== options.namespace) throw new Refusal(400);
    asked = payloadsIn(await bodyOf(request));
    const answered = await options.codec[what](asked).catch(refuse);
    const keys = new Set(what === 'decode' ? asked.flatMap(keyIdOf) : []);
    const body = JSON.stringify({ payloads: answered.map(toJson) });
    return { status: 200, body, keys: [...keys], ...logged() };
  } catch (error) {
    const { status, reason } = error instanceof Refusal ? error : new Refusal(400);
    return { status, keys: [], ...(reason !== undefined && { reason }), ...logged() };
  }
}

/** A payload that our keys do not decrypt is the fault of the caller. An outage of KMS, or of the server of public keys, is not. */
function refuse(error: unknown): never {
  const reason = knownReason(error) ?? (error instanceof Error ? error.name : undefined);
  throw new Refusal(error instanceof UserError ? 400 : 503, reason);
}

function end(response: ServerResponse, status: number, body?: string): void {
  if (body !== undefined) response.setHeader('content-type', 'application/json');
  response.writeHead(status).end(body);
}

async function bodyOf(request: IncomingMessage): Promise<unknown> {
  const parts: Buffer[] = [];
  let size = 0;
  for await (const part of request) {
    size += part.length;
    if (size > MOST_BYTES) throw new Refusal(413);
    parts.push(part);
  }
  return JSON.parse(Buffer.concat(parts).toString());
}

function payloadsIn(body: unknown): Payload[] {
  const payloads = isRecord(body) ? body['payloads'] : undefined;
  if (!Array.isArray(payloads)) throw new Refusal(400);
  return payloads.map(fromJson);
}

const keyIdOf = ({ metadata }: Payload) =>
  metadata?.[KEY_ID] ? [Buffer.from(metadata[KEY_ID]).toString()] : [];
