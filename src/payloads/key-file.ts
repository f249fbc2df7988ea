import { createHash, createSecretKey, randomBytes } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { canonicalJson } from '../lib/canonical-json.ts';
import { UserError, messageOf } from '../lib/user-error.ts';
import type { EncryptionContext, KeySource } from './key-source.ts';
import { open, seal } from './sealing.ts';

const KEY_BYTES = 32;

/**
 * The keys of a file, for a machine without KMS: each line is 32 bytes in base64. The first key encrypts, and all decrypt.
 *
 * @throws UserError for a file that cannot be read, or with all lines that are not keys
 */
export function openKeyFile(path: string): KeySource {
  const keys = readKeys(path).map((key) => ({ id: fingerprint(key), key: createSecretKey(key) }));
  const [first] = keys;
  if (!first) throw new UserError(`The key file ${path} is empty. To make a key: openssl rand -base64 32`);
  return {
    newDataKey: async (context) => {
      const key = randomBytes(KEY_BYTES);
      return { keyId: first.id, key: createSecretKey(key), wrapped: seal(first.key, key, bytesOf(context)) };
    },
    unwrap: async ({ keyId, wrapped }, context) => {
      const found = keys.find(({ id }) => id === keyId);
      if (!found) throw new UserError(`A payload is encrypted with a key that is not in ${path}.`);
      return createSecretKey(open(found.key, wrapped, bytesOf(context)));
    },
  };
}

const bytesOf = (context: EncryptionContext) => Buffer.from(canonicalJson(context));

/** Tells keys apart, and reveals nothing of a key of 32 random bytes. */
const fingerprint = (key: Uint8Array) =>
  `file:${createHash('sha256').update(key).digest('hex').slice(0, 16)}`;

function readKeys(path: string): Buffer[] {
  const lines = readLines(path).map((line, index) => ({ number: index + 1, text: line.trim() }));
  const used = lines.filter(({ text }) => text !== '');
  const wrong = used.filter(({ text }) => !isKey(text)).map(({ number }) => number);
  if (wrong.length > 0) {
    const which = `${wrong.length === 1 ? 'line' : 'lines'} ${wrong.join(', ')}`;
    throw new UserError(
      `In the key file ${path}, each line must be 32 bytes in base64; ${which} cannot be read. To make a key: openssl rand -base64 32`,
    );
  }
  return used.map(({ text }) => Buffer.from(text, 'base64'));
}

const isKey = (text: string) => /^[\w+/-]+=?$/.test(text) && Buffer.from(text, 'base64').length === KEY_BYTES;

function readLines(path: string): string[] {
  try {
    return readFileSync(path, 'utf8').split('\n');
  } catch (error) {
    throw new UserError(`The key file ${path} of PAYLOAD_KEYS cannot be read: ${messageOf(error)}`);
  }
}
