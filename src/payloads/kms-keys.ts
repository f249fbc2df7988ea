import { createSecretKey } from 'node:crypto';
import { DecryptCommand, GenerateDataKeyCommand, KMSClient } from '@aws-sdk/client-kms';
import { silenceNodeWarning } from '../lib/aws-sdk.ts';
import { UserError } from '../lib/user-error.ts';
import type { KeySource } from './key-source.ts';
import { damaged } from './sealing.ts';

/** The errors of KMS that mean a wrong setting. Every other error, even a refusal, may pass. */
const MISTAKES = new Set([
  'InvalidArnException',
  'InvalidKeyUsageException',
  'NotFoundException',
  'ValidationException',
]);

/** How long a call to KMS may take, in milliseconds. */
const TIMEOUT = 5_000;

/**
 * Keys of AWS KMS. They never leave KMS, which makes data keys and unwraps them.
 *
 * @param list - ids, aliases or ARNs, separated by commas. The first one encrypts. A data key that another key has wrapped is
 *   refused: otherwise everybody who may write to Temporal could make payloads with a key of an account of their own.
 */
export function openKmsKeys(list: string): KeySource {
  const keyIds = list.split(',').map((id) => id.trim());
  silenceNodeWarning();
  const kms = new KMSClient({
    requestHandler: { connectionTimeout: TIMEOUT, requestTimeout: TIMEOUT, throwOnRequestTimeout: true },
  });
  const unwrapWith = async (KeyId: string, CiphertextBlob: Uint8Array, EncryptionContext: object) => {
    const request = { KeyId, CiphertextBlob, EncryptionContext: { ...EncryptionContext } };
    const { Plaintext } = await kms.send(new DecryptCommand(request));
    return Plaintext;
  };
  return {
    newDataKey: async (context) => {
      const [KeyId] = keyIds;
      const request = { KeyId, KeySpec: 'AES_256' as const, EncryptionContext: { ...context } };
      const made = await kms.send(new GenerateDataKeyCommand(request)).catch(explainMistake);
      const { KeyId: keyId, Plaintext: key, CiphertextBlob: wrapped } = made;
      if (keyId === undefined || !key || !wrapped) throw new Error('KMS has returned no data key.');
      return { keyId, key: createSecretKey(key), wrapped };
    },
    unwrap: async ({ keyId, wrapped }, context) => {
      for (const own of keyIds) {
        const key = await unwrapWith(own, wrapped, context).catch((error: Error) => {
          if (error.name === 'InvalidCiphertextException') throw damaged();
          if (error.name !== 'IncorrectKeyException') explainMistake(error);
        });
        if (key) return createSecretKey(key);
      }
      throw new UserError(`A payload is encrypted with ${keyId}, which PAYLOAD_KEYS does not name.`);
    },
  };
}

function explainMistake(error: Error): never {
  if (!MISTAKES.has(error.name)) throw error;
  throw new UserError(`KMS does not accept the key of PAYLOAD_KEYS: ${error.name}: ${error.message}`);
}
