import type { Payload, PayloadCodec } from '@temporalio/common';
import proto from '@temporalio/proto';
import { canonicalJson } from '../lib/canonical-json.ts';
import { UserError } from '../lib/user-error.ts';
import type { DataKeys } from './data-keys.ts';
import type { DataKey, EncryptionContext } from './key-source.ts';
import { open, seal } from './sealing.ts';

const { Payload: ProtoPayload } = proto.temporal.api.common.v1;

/** `encoding` of an encrypted payload. The number is that of the format. */
export const ENCRYPTED = 'binary/aws-health-encrypted-1';

/** What to do with a payload that is not encrypted. */
export type ClearText = 'take' | 'refuse' | { readonly warn: (line: string) => void };

/**
 * Encrypts payloads by AES-256-GCM. A payload holds everything that is needed to find its key: the data key in encrypted form, the id
 * of the key that encrypts the data key, and the encryption context. All of these are authenticated with the data.
 */
export class EncryptionCodec implements PayloadCodec {
  readonly #keys: DataKeys;
  readonly #context: string;
  readonly #clearText: ClearText;
  #clearPayloads = 0;
  #header: Header | undefined;

  constructor(keys: DataKeys, context: EncryptionContext, clearText: ClearText) {
    this.#keys = keys;
    this.#context = canonicalJson(context);
    this.#clearText = clearText;
  }

  /** @throws the error of the key source if there has never been a data key */
  async encode(payloads: Payload[]): Promise<Payload[]> {
    const dataKey = await this.#keys.current(payloads.length);
    const { metadata, authenticated } = this.#headerOf(dataKey);
    return payloads.map((payload) => ({
      metadata,
      data: seal(dataKey.key, ProtoPayload.encode(payload).finish(), authenticated),
    }));
  }

  /** @throws UserError for a payload that cannot be decrypted, or whose clear text is refused; its text holds nothing of it */
  decode(payloads: Payload[]): Promise<Payload[]> {
    return Promise.all(payloads.map((payload) => this.#decodeOne(payload)));
  }

  async #decodeOne(payload: Payload): Promise<Payload> {
    const { metadata, data } = payload;
    if (textOf(metadata?.['encoding']) !== ENCRYPTED || !metadata) return this.#taken(payload);
    if (textOf(metadata[CONTEXT]) !== this.#context) {
      throw new UserError(`A payload was encrypted for another namespace: this one has ${this.#context}.`);
    }
    const sealed = { keyId: textOf(metadata[KEY_ID]), wrapped: metadata[WRAPPED_KEY] ?? new Uint8Array() };
    const key = await this.#keys.unwrap(sealed);
    return ProtoPayload.decode(open(key, data ?? new Uint8Array(), authenticatedIn(metadata)));
  }

  /** A payload that is not encrypted by this codec is passed on as it is, unless that is refused. */
  #taken(payload: Payload): Payload {
    if (this.#clearText === 'take') return payload;
    if (this.#clearText === 'refuse') {
      throw new UserError('A payload came in clear text, which REQUIRE_ENCRYPTION=1 refuses.');
    }
    this.#clearPayloads += 1;
    // At 1, 10, 100, …: one line for each would fill the log while plain runs are still open.
    if (/^10*$/.test(String(this.#clearPayloads))) {
      this.#clearText.warn(
        `Payloads came in clear text, although PAYLOAD_KEYS is set (count: ${this.#clearPayloads}). Who sent them has no PAYLOAD_KEYS and no codec server.`,
      );
    }
    return payload;
  }

  /** The metadata of all payloads that a data key encrypts, and the bytes that are authenticated with each. Made once for each key. */
  #headerOf(dataKey: DataKey): Header {
    if (this.#header?.dataKey === dataKey) return this.#header;
    const metadata = {
      encoding: Buffer.from(ENCRYPTED),
      [KEY_ID]: Buffer.from(dataKey.keyId),
      [CONTEXT]: Buffer.from(this.#context),
      [WRAPPED_KEY]: dataKey.wrapped,
    };
    return (this.#header = { dataKey, metadata, authenticated: authenticatedIn(metadata) });
  }
}

interface Header {
  readonly dataKey: DataKey;
  readonly metadata: Record<string, Uint8Array>;
  readonly authenticated: Uint8Array;
}

/** The name of the metadata with the id of the key that has encrypted the data key. */
export const KEY_ID = 'key-id';
const CONTEXT = 'encryption-context';
const WRAPPED_KEY = 'wrapped-key';

const textOf = (bytes: Uint8Array | null | undefined) => Buffer.from(bytes ?? []).toString();

/** The metadata as one sequence of bytes. Those that somebody adds are not part of it, and have no effect. */
function authenticatedIn(metadata: Record<string, Uint8Array>): Buffer {
  const values = ['encoding', KEY_ID, CONTEXT, WRAPPED_KEY].map((name) =>
    Buffer.from(metadata[name] ?? []).toString('base64'),
  );
  return Buffer.from(values.join('.'));
}
