import type { Payload, PayloadCodec } from '@temporalio/common';
import { isRecord } from '../lib/guards.ts';
import { UserError } from '../lib/user-error.ts';

/**
 * The codec server that `TEMPORAL_CODEC_ENDPOINT` names, as the Temporal CLI uses it: `{namespace}` in it is replaced, and
 * `TEMPORAL_CODEC_AUTH` is the `Authorization` header of each request.
 *
 * @returns undefined where none is named: payloads are read and written as they are
 * @throws UserError for a value that is no URL
 * @see https://docs.temporal.io/codec-server
 */
export function remoteCodec(env: NodeJS.ProcessEnv, namespace: string): PayloadCodec | undefined {
  const named = env['TEMPORAL_CODEC_ENDPOINT'];
  if (!named) return undefined;
  if (!/^https?:\/\/[^/]/.test(named)) {
    throw new UserError('TEMPORAL_CODEC_ENDPOINT must begin with http:// or https://.');
  }
  const endpoint = named.replaceAll('{namespace}', encodeURIComponent(namespace)).replace(/\/$/, '');
  const authorization = env['TEMPORAL_CODEC_AUTH'];
  const headers = {
    'content-type': 'application/json',
    'x-namespace': namespace,
    ...(authorization && { authorization }),
  };
  const ask = async (what: 'encode' | 'decode', payloads: Payload[]): Promise<Payload[]> => {
    if (payloads.length === 0) return [];
    const request = { method: 'POST', headers, body: JSON.stringify({ payloads: payloads.map(toJson) }) };
    const response = await fetch(`${endpoint}/${what}`, request).catch((cause: unknown) => {
      throw new UserError(`No codec server answers at ${endpoint} (TEMPORAL_CODEC_ENDPOINT).`, { cause });
    });
    const reply: unknown = response.ok ? await response.json().catch(() => undefined) : undefined;
    const answered = isRecord(reply) ? reply['payloads'] : undefined;
    // What else it says may quote the payloads.
    if (!Array.isArray(answered) || answered.length !== payloads.length) {
      throw new UserError(
        `The codec server at ${endpoint} cannot ${what} this: it answers ${response.status}.`,
      );
    }
    return answered.map(fromJson);
  };
  return {
    encode: (payloads) => ask('encode', payloads),
    decode: (payloads) => ask('decode', payloads),
  };
}

/** A payload in Protobuf's JSON, which has bytes as base64. */
function toJson({ metadata, data }: Payload) {
  const base64 = (bytes: Uint8Array) => Buffer.from(bytes).toString('base64');
  const entries = Object.entries(metadata ?? {}).map(([name, value]) => [name, base64(value)]);
  return { metadata: Object.fromEntries(entries), ...(data && { data: base64(data) }) };
}

function fromJson(payload: unknown): Payload {
  const { metadata, data } = isRecord(payload) ? payload : {};
  const bytes = (base64: unknown) => new Uint8Array(Buffer.from(String(base64), 'base64'));
  const entries = Object.entries(isRecord(metadata) ? metadata : {}).map(([name, value]) => [
    name,
    bytes(value),
  ]);
  return { metadata: Object.fromEntries(entries), ...(data !== undefined && { data: bytes(data) }) };
}
