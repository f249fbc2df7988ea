import { randomBytes } from 'node:crypto';
import * as Kms from '@aws-sdk/client-kms';
import { ServiceError, invalid } from '../errors.ts';
import { AwsJson } from '../protocols/aws-json.ts';
import type { Service } from '../protocols/http.ts';
import { runHandler, type Handlers } from '../protocols/operations.ts';
import { refuseWrongType, type Mismatch } from '../protocols/shape.ts';
import type { World } from '../world.ts';
import {
  decrypt,
  encrypt,
  invalidCiphertext,
  keyArn,
  keyIdIn,
  keys,
  requireEnabled,
  requireKey,
} from './key.ts';

export type KmsOperation = keyof ReturnType<typeof handlersOf>;

function handlersOf(world: World) {
  const setEnabled = (KeyId: string, enabled: boolean) => {
    const key = requireKey(world, KeyId);
    keys(world).put(key.id, { ...key, enabled });
    return {};
  };
  return {
    DescribeKey({ KeyId }) {
      const { id, enabled, createdAt } = requireKey(world, KeyId);
      return {
        KeyMetadata: {
          AWSAccountId: world.settings.accountId,
          KeyId: id,
          Arn: keyArn(world, id),
          CreationDate: new Date(createdAt),
          Enabled: enabled,
          KeyState: enabled ? 'Enabled' : 'Disabled',
          KeyUsage: 'ENCRYPT_DECRYPT',
          KeySpec: 'SYMMETRIC_DEFAULT',
          KeyManager: 'CUSTOMER',
          Origin: 'AWS_KMS',
          MultiRegion: false,
          EncryptionAlgorithms: ['SYMMETRIC_DEFAULT'],
        },
      };
    },

    GenerateDataKey({ KeyId, KeySpec, NumberOfBytes, EncryptionContext = {} }) {
      const key = requireEnabled(world, requireKey(world, KeyId));
      const Plaintext = randomBytes(sizeOf(KeySpec, NumberOfBytes));
      const CiphertextBlob = encrypt(key, Plaintext, EncryptionContext);
      return { KeyId: keyArn(world, key.id), Plaintext, CiphertextBlob };
    },

    Decrypt({ CiphertextBlob = new Uint8Array(), KeyId, EncryptionContext = {} }) {
      const key = keys(world).get(keyIdIn(CiphertextBlob));
      if (!key) throw invalidCiphertext();
      if (KeyId !== undefined && requireKey(world, KeyId).id !== key.id) {
        throw new ServiceError(
          'IncorrectKeyException',
          'The key ID in the request does not identify a CMK that can perform this operation.',
        );
      }
      const Plaintext = decrypt(requireEnabled(world, key), CiphertextBlob, EncryptionContext);
      return { KeyId: keyArn(world, key.id), Plaintext, EncryptionAlgorithm: 'SYMMETRIC_DEFAULT' };
    },

    DisableKey: ({ KeyId }) => setEnabled(KeyId, false),
    EnableKey: ({ KeyId }) => setEnabled(KeyId, true),
  } satisfies Partial<Handlers<typeof Kms>>;
}

/** The size of a data key in bytes. A request names either its specification or its size. */
function sizeOf(spec: string | undefined, bytes: number | undefined): number {
  if ((spec === undefined) === (bytes === undefined)) {
    throw invalid('Please specify either number of bytes or key spec.');
  }
  if (spec === 'AES_256') return 32;
  if (spec === 'AES_128') return 16;
  if (bytes !== undefined && Number.isInteger(bytes) && bytes >= 1 && bytes <= 1024) return bytes;
  throw invalid('KeySpec must be AES_128 or AES_256, or NumberOfBytes a number from 1 to 1024.');
}

function refuse(mismatch: Mismatch): never {
  if (mismatch.problem === 'wrong type') return refuseWrongType(mismatch);
  throw invalid(`1 validation error detected: Value at '${mismatch.member}' must not be null`);
}

/** AWS KMS: symmetric keys that encrypt data keys. */
export function kms(world: World): Service {
  const handlers = handlersOf(world);
  const client = new Kms.KMSClient({ region: world.settings.region });
  return {
    name: 'kms',
    protocol: new AwsJson(Kms, client, {
      target: 'TrentService',
      namespace: 'com.amazonaws.kms',
      messageMember: 'message',
      errorStatus: () => '400',
      operations: Object.keys(handlers),
      refuse,
    }),
    resume: () => {},
    run: (operation, input) => runHandler(handlers, operation, input),
  };
}
