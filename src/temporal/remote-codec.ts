import type { Payload, PayloadCodec } from '@temporalio/common';
import { isRecord } from '../lib/guards.ts';
import { UserError } from '../lib/user-error.ts';
import { fromJson, toJson } from '../payloads/payload-json.ts';
import { codecEndpoint } from './codec-endpoint.ts';

/**
 * A payload codec that calls the codec server of {@link codecEndpoint}. As in the Temporal CLI, `{namespace}` in the URL
 * is replaced by the namespace, and `TEMPORAL_CODEC_AUTH` is sent as the `Authorization` header.
 *
 * @returns undefined if there is none: payloads are not encoded
 * @throws UserError as {@link codecEndpoint}
 * @see https://docs.temporal.io/codec-server
 */
export function remoteCodec(env: NodeJS.ProcessEnv, namespace: string): PayloadCodec | undefined {
  const named = codecEndpoint(env);
  if (named === undefined) return undefined;
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
    // The message contains the status code only, because the body of an error may quote the payloads.
    if (!Array.isArray(answered) || answered.length !== payloads.length) {
      const hint =
        response.status === 401 ? ' Set TEMPORAL_CODEC_AUTH to an Authorization header that it accepts.' : '';
      throw new UserError(
        `The codec server at ${endpoint} cannot ${what} this: it answers ${response.status}.${hint}`,
      );
    }
    return answered.map(fromJson);
  };
  return {
    encode: (payloads) => ask('encode', payloads),
    decode: (payloads) => ask('decode', payloads),
  };
}
