import { createCipheriv, createDecipheriv, randomBytes } from 'node:crypto';
import { UserError } from '../lib/user-error.ts';

const ALGORITHM = 'aes-256-gcm';
const IV_BYTES = 12;
const TAG_BYTES = 16;

/**
 * Encrypts by AES-256-GCM, with a random nonce.
 *
 * @param authenticated - is not encrypted, and {@link open} must get the same
 * @returns nonce, ciphertext and tag
 */
export function seal(key: Uint8Array, plain: Uint8Array, authenticated: Uint8Array): Buffer {
  const iv = randomBytes(IV_BYTES);
  const cipher = createCipheriv(ALGORITHM, key, iv).setAAD(authenticated);
  return Buffer.concat([iv, cipher.update(plain), cipher.final(), cipher.getAuthTag()]);
}

/** @throws UserError if the key, the data or what was authenticated with them differ from those of {@link seal} */
export function open(key: Uint8Array, sealed: Uint8Array, authenticated: Uint8Array): Buffer {
  // Node accepts shorter tags, which are easier to forge.
  if (sealed.length < IV_BYTES + TAG_BYTES) throw damaged();
  const decipher = createDecipheriv(ALGORITHM, key, sealed.subarray(0, IV_BYTES), {
    authTagLength: TAG_BYTES,
  })
    .setAAD(authenticated)
    .setAuthTag(sealed.subarray(-TAG_BYTES));
  try {
    return Buffer.concat([decipher.update(sealed.subarray(IV_BYTES, -TAG_BYTES)), decipher.final()]);
  } catch {
    throw damaged();
  }
}

/** The error for what cannot be decrypted although there is a key for it. */
export const damaged = () =>
  new UserError('A payload cannot be decrypted: it is damaged, or somebody has changed it.');
