import { extname, join } from 'node:path';
import type { DataConverter } from '@temporalio/common';
import { isDuration, toMilliseconds } from '../pacing/polling.ts';
import { UserError } from '../lib/user-error.ts';
import { DataKeys, ROTATION } from './data-keys.ts';
import { EncryptionCodec, type ClearText } from './encryption-codec.ts';
import { openKeySource } from './key-source.ts';

type Environment = Readonly<Record<string, string | undefined>>;

/** The settings that this module reads. */
export const ENCRYPTION_VARIABLES = ['PAYLOAD_KEYS', 'PAYLOAD_KEY_LIFE', 'REQUIRE_ENCRYPTION'] as const;

/** The path of the module `failure-converter`, which the SDK loads by its path. */
export const failureConverterPath = join(
  import.meta.dirname,
  `failure-converter${extname(import.meta.filename)}`,
);

const warn = (line: string) => console.error(`Encryption: ${line}`);

/**
 * The data converter of a client if `PAYLOAD_KEYS` is set. It gets its first data key when it first encrypts something.
 *
 * @param namespace - is part of each payload, so that one that is moved to another namespace cannot be decrypted there
 * @returns undefined if payloads are not to be encrypted
 * @throws UserError for an invalid setting
 */
export async function clientEncryption(
  env: Environment,
  namespace: string,
): Promise<DataConverter | undefined> {
  const opened = await openEncryption(env, namespace, 'take');
  return opened?.dataConverter;
}

/**
 * The same for a worker. It waits for the first data key. Payloads that come in clear text are reported, or refused with
 * `REQUIRE_ENCRYPTION=1`.
 *
 * @throws UserError for an invalid setting
 */
export async function workerEncryption(
  env: Environment,
  namespace: string,
): Promise<DataConverter | undefined> {
  const isRequired = readRequired(env);
  const opened = await openEncryption(env, namespace, isRequired ? 'refuse' : { warn });
  if (!opened && isRequired) throw new UserError('REQUIRE_ENCRYPTION=1 needs PAYLOAD_KEYS.');
  await opened?.keys.ready();
  return opened?.dataConverter;
}

function readRequired(env: Environment): boolean {
  const value = env['REQUIRE_ENCRYPTION'] || '0';
  if (value !== '0' && value !== '1')
    throw new UserError(`REQUIRE_ENCRYPTION must be 1 or 0, not "${value}".`);
  return value === '1';
}

function readLife(env: Environment): number {
  const value = env['PAYLOAD_KEY_LIFE'];
  if (!value) return ROTATION.life;
  if (!isDuration(value))
    throw new UserError(`PAYLOAD_KEY_LIFE must be a duration such as "1h", not "${value}".`);
  return toMilliseconds(value);
}

async function openEncryption(env: Environment, namespace: string, clearText: ClearText) {
  const setting = env['PAYLOAD_KEYS'];
  if (!setting) return undefined;
  const context = { namespace };
  const life = readLife(env);
  const rotation = { ...ROTATION, life, retryAfter: Math.min(life, ROTATION.retryAfter) };
  const keys = new DataKeys(await openKeySource(setting), context, rotation, warn);
  const codec = new EncryptionCodec(keys, context, clearText);
  return { keys, dataConverter: { payloadCodecs: [codec], failureConverterPath } };
}
