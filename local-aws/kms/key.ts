import { createCipheriv, createDecipheriv, randomBytes, randomUUID } from 'node:crypto';
import { canonicalJson } from '../../src/lib/canonical-json.ts';
import { ServiceError } from '../errors.ts';
import type { World } from '../world.ts';

/** A symmetric key. Its material is stored as it is: the local AWS protects nothing. */
export interface KmsKey {
  readonly id: string;
  /** 32 bytes in base64. */
  readonly material: string;
  readonly createdAt: number;
  readonly enabled: boolean;
}

export type EncryptionContext = Readonly<Record<string, string>>;

export const keys = ({ store }: Pick<World, 'store'>) => store.table<KmsKey>('kmsKey');

/** The ids of keys by the names of their aliases. */
const aliases = ({ store }: Pick<World, 'store'>) => store.table<string>('kmsAlias');

export const keyArn = ({ settings }: World, id: string) =>
  `arn:aws:kms:${settings.region}:${settings.accountId}:key/${id}`;

/**
 * The key that an id, an alias or the ARN of either names. It is made if it does not exist, because on a laptop nobody else could
 * have made it; with the setting `missingKmsKey=error` it is NotFoundException, as on AWS.
 */
export function requireKey(world: World, named: string): KmsKey {
  const name = named.replace(/^arn:aws:kms:[^:]*:\d*:(key\/)?/, '');
  if (!/^(alias\/)?[\w/-]{1,256}$/.test(name)) throw noSuchKey(named);
  const id = name.startsWith('alias/') ? aliases(world).get(name) : name;
  const key = id === undefined ? undefined : keys(world).get(id);
  if (key) return key;
  if (world.settings.missingKmsKey === 'error') throw noSuchKey(named);
  return createKey(world, name);
}

function createKey(world: World, name: string): KmsKey {
  const isAlias = name.startsWith('alias/');
  const id = isAlias ? randomUUID() : name;
  const key = { id, material: randomBytes(32).toString('base64'), createdAt: Date.now(), enabled: true };
  keys(world).put(id, key);
  if (isAlias) aliases(world).put(name, id);
  return key;
}

const noSuchKey = (named: string) => new ServiceError('NotFoundException', `Key '${named}' does not exist`);

/** @throws ServiceError DisabledException */
export function requireEnabled(world: World, key: KmsKey): KmsKey {
  if (!key.enabled) throw new ServiceError('DisabledException', `${keyArn(world, key.id)} is disabled.`);
  return key;
}

const IV_BYTES = 12;
const TAG_BYTES = 16;

/** Encrypts by AES-256-GCM: the length of the key's id, the id, nonce, ciphertext, tag. */
export function encrypt({ id, material }: KmsKey, plaintext: Uint8Array, context: EncryptionContext): Buffer {
  const iv = randomBytes(IV_BYTES);
  const cipher = createCipheriv('aes-256-gcm', Buffer.from(material, 'base64'), iv);
  cipher.setAAD(Buffer.from(canonicalJson(context)));
  const body = [cipher.update(plaintext), cipher.final(), cipher.getAuthTag()];
  return Buffer.concat([Buffer.from([id.length]), Buffer.from(id), iv, ...body]);
}

/** The id of the key that encrypted a ciphertext. */
export const keyIdIn = (ciphertext: Uint8Array) =>
  Buffer.from(ciphertext.subarray(1, 1 + (ciphertext[0] ?? 0))).toString();

/** @throws ServiceError InvalidCiphertextException for a changed ciphertext, or another encryption context */
export function decrypt(
  { id, material }: KmsKey,
  ciphertext: Uint8Array,
  context: EncryptionContext,
): Buffer {
  const sealed = ciphertext.subarray(1 + id.length);
  try {
    const iv = sealed.subarray(0, IV_BYTES);
    const decipher = createDecipheriv('aes-256-gcm', Buffer.from(material, 'base64'), iv);
    decipher.setAAD(Buffer.from(canonicalJson(context)));
    decipher.setAuthTag(sealed.subarray(-TAG_BYTES));
    return Buffer.concat([decipher.update(sealed.subarray(IV_BYTES, -TAG_BYTES)), decipher.final()]);
  } catch {
    throw invalidCiphertext();
  }
}

/** KMS gives this error no message. */
export const invalidCiphertext = () => new ServiceError('InvalidCiphertextException', '');
