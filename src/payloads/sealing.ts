import { createCipheriv, createDecipheriv, randomFillSync, type KeyObject } from 'node:crypto';
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
export function seal(key: KeyObject, plain: Uint8Array, authenticated: Uint8Array): Buffer {
  const iv = newNonce();
  const cipher = createCipheriv(ALGORITHM, key, iv).setAAD(authenticated);
  // In GCM, `update` encrypts everything, and `final` returns no further bytes.
  const encrypted = cipher.update(plain);
  cipher.final();
  return Buffer.concat([iv, encrypted, cipher.getAuthTag()]);
}

/**
 * Random bytes for the next 1,000 nonces. A call of the random generator for each payload would take a quarter of the time of the
 * encryption itself.
 */
const nonces = new Uint8Array(IV_BYTES * 1_000);
let usedOfNonces = nonces.length;

function newNonce(): Uint8Array {
  if (usedOfNonces === nonces.length) {
    randomFillSync(nonces);
    usedOfNonces = 0;
  }
  return nonces.subarray(usedOfNonces, (usedOfNonces += IV_BYTES));
}

/** @throws UserError if the key, the data or what was authenticated with them differ from those of {@link seal} */
export function open(key: KeyObject, sealed: Uint8Array, authenticated: Uint8Array): Buffer {
  // Node accepts shorter tags, which are easier to forge.
  if (sealed.length < IV_BYTES + TAG_BYTES) throw damaged();
  const decipher = createDecipheriv(ALGORITHM, key, sealed.subarray(0, IV_BYTES), {
    authTagLength: TAG_BYTES,
  })
    .setAAD(authenticated)
    .setAuthTag(sealed.subarray(-TAG_BYTES));
  try {
    const plain = decipher.update(sealed.subarray(IV_BYTES, -TAG_BYTES));
    decipher.final();
    return plain;
  } catch {
    throw damaged();
  }
}

/** The error for what cannot be decrypted although there is a key for it. */
export const damaged = () =>
  new UserError('A payload cannot be decrypted: it is damaged, or somebody has changed it.');
