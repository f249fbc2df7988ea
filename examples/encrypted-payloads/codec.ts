import { createCipheriv, createDecipheriv, createHash, randomBytes } from 'node:crypto';
import type { DataConverter, Payload, PayloadCodec } from '@temporalio/common';
import proto from '@temporalio/proto';
import { UserError } from 'aws-health-workflows';

const { Payload: ProtoPayload } = proto.temporal.api.common.v1;
const ENCODING = 'binary/encrypted';
const IV_BYTES = 12;
const TAG_BYTES = 16;

/** Encrypts payloads by AES-256-GCM: nonce, ciphertext, tag. `decode` returns payloads that are not encrypted unchanged. */
export class EncryptionCodec implements PayloadCodec {
  readonly #key: Buffer;
  readonly #keyId: string;

  /** @param key - 32 bytes */
  constructor(key: Buffer) {
    this.#key = key;
    this.#keyId = createHash('sha256').update(key).digest('hex').slice(0, 8);
  }

  async encode(payloads: Payload[]): Promise<Payload[]> {
    return payloads.map((payload) => {
      const iv = randomBytes(IV_BYTES);
      const cipher = createCipheriv('aes-256-gcm', this.#key, iv);
      const plain = ProtoPayload.encode(payload).finish();
      const data = Buffer.concat([iv, cipher.update(plain), cipher.final(), cipher.getAuthTag()]);
      return { metadata: { encoding: Buffer.from(ENCODING), 'key-id': Buffer.from(this.#keyId) }, data };
    });
  }

  async decode(payloads: Payload[]): Promise<Payload[]> {
    return payloads.map((payload) => {
      const { metadata, data } = payload;
      if (textOf(metadata?.['encoding']) !== ENCODING || !data) return payload;
      const keyId = textOf(metadata?.['key-id']);
      if (keyId !== this.#keyId)
        throw new Error(`A payload is encrypted with key ${keyId}, not ${this.#keyId}.`);
      const decipher = createDecipheriv('aes-256-gcm', this.#key, data.subarray(0, IV_BYTES));
      decipher.setAuthTag(data.subarray(-TAG_BYTES));
      return ProtoPayload.decode(
        Buffer.concat([decipher.update(data.subarray(IV_BYTES, -TAG_BYTES)), decipher.final()]),
      );
    });
  }
}

const textOf = (bytes: Uint8Array | null | undefined) => Buffer.from(bytes ?? []).toString();

/**
 * Makes the codec of worker, client and codec server from `PAYLOAD_KEY`.
 *
 * @throws UserError if `PAYLOAD_KEY` is not 64 hexadecimal digits
 */
export function encryptionCodec(): EncryptionCodec {
  const key = process.env['PAYLOAD_KEY'] ?? '';
  if (!/^[0-9a-f]{64}$/i.test(key)) {
    throw new UserError('PAYLOAD_KEY must be 64 hexadecimal digits. To make one: openssl rand -hex 32');
  }
  return new EncryptionCodec(Buffer.from(key, 'hex'));
}

export const encrypted = (): DataConverter => ({ payloadCodecs: [encryptionCodec()] });
