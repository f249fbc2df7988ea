import type { KeyObject } from 'node:crypto';
import { UserError } from '../lib/user-error.ts';

/** A key that encrypts payloads, together with its own encrypted form, which each payload carries. */
export interface DataKey {
  /** Names the key that has encrypted this one: the ARN of a KMS key, or the fingerprint of a line of a key file. */
  readonly keyId: string;
  /** 32 bytes. Node prepares a `KeyObject` once and not for each payload, and never prints its bytes. */
  readonly key: KeyObject;
  readonly wrapped: Uint8Array;
}

/**
 * Where data keys come from. The context is authenticated together with the data key: a data key that was made with one context
 * cannot be unwrapped with another.
 */
export interface KeySource {
  /** @throws UserError for a wrong setting; any other error may pass */
  newDataKey(context: EncryptionContext): Promise<DataKey>;
  /** @throws Error if no key of the setting can unwrap it, or if the key cannot be used at present */
  unwrap(sealed: Omit<DataKey, 'key'>, context: EncryptionContext): Promise<KeyObject>;
}

export type EncryptionContext = Readonly<Record<string, string>>;

/**
 * Opens the keys that `PAYLOAD_KEYS` names: `file:<path>`, or `kms:` and one or more ids, aliases or ARNs of KMS keys, separated by
 * commas. The first key encrypts, and all of them decrypt.
 *
 * @throws UserError for another value, or for a key file that cannot be used
 */
export async function openKeySource(setting: string): Promise<KeySource> {
  const [, kind, value = ''] = /^(file|kms):(.+)$/.exec(setting) ?? [];
  // Imported only when used, because each of them takes longer to load than a command needs.
  if (kind === 'file') return (await import('./key-file.ts')).openKeyFile(value);
  if (kind === 'kms') return (await import('./kms-keys.ts')).openKmsKeys(value);
  // The value is not shown, because somebody may have put the key itself here.
  throw new UserError('PAYLOAD_KEYS must be file:<path> or kms:<ARN or alias of a key>.');
}
