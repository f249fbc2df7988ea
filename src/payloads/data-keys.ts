import type { KeyObject } from 'node:crypto';
import { setTimeout as pause } from 'node:timers/promises';
import { LRUCache } from 'lru-cache';
import { UserError } from '../lib/user-error.ts';
import type { DataKey, EncryptionContext, KeySource } from './key-source.ts';

export interface Rotation {
  /** How long a data key encrypts, in milliseconds. */
  readonly life: number;
  /** How many payloads a data key encrypts. */
  readonly uses: number;
  /** How long to wait after a failed attempt to get a new data key, in milliseconds. */
  readonly retryAfter: number;
}

/**
 * A new data key each hour. With random nonces, AES-GCM must not encrypt more than 2^32 times with one key (NIST SP 800-38D, 8.3);
 * the count stays so far below that it holds even in an outage of KMS that lasts for weeks.
 */
export const ROTATION: Rotation = { life: 3_600_000, uses: 1_000_000, retryAfter: 30_000 };

/** How many unwrapped keys are kept: a worker makes 24 a day. */
const CACHED = 10_000;

/** The data key that encrypts at present, and the unwrapped ones of payloads that were read. */
export class DataKeys {
  readonly #source: KeySource;
  readonly #context: EncryptionContext;
  readonly #rotation: Rotation;
  readonly #warn: (line: string) => void;
  readonly #unwrapped = new LRUCache<string, Promise<KeyObject>>({ max: CACHED });
  #current: { readonly dataKey: DataKey; readonly since: number; uses: number } | undefined;
  #renewal: Promise<void> | undefined;
  #nextTry = 0;
  #failures = 0;

  /** @param warn - gets each warning as one line */
  constructor(
    source: KeySource,
    context: EncryptionContext,
    rotation: Rotation,
    warn: (line: string) => void,
  ) {
    this.#source = source;
    this.#context = context;
    this.#rotation = rotation;
    this.#warn = warn;
  }

  /**
   * Waits until there is a data key, for a worker before it polls: a codec that cannot encrypt would end its process. An outage, or a
   * missing permission, is waited out with a warning for each attempt.
   *
   * @param wait - between two attempts, in milliseconds
   * @throws UserError if the setting is wrong, which waiting does not cure
   */
  async ready(wait = 2_000): Promise<void> {
    while (!this.#current) {
      try {
        await this.#renew();
      } catch (error) {
        if (error instanceof UserError) throw error;
        this.#warn(`The worker waits for its first data key: ${reasonOf(error)}`);
        await pause(wait);
      }
    }
  }

  /**
   * The data key for some payloads. Once there was one, this neither fails nor waits: an old one is replaced in the background,
   * and is used further while no new one can be had.
   *
   * @throws the error of the key source if there has never been a data key
   */
  async current(payloads: number): Promise<DataKey> {
    if (!this.#current) await this.#renew();
    const current = this.#current;
    if (!current) throw new Error('There is no data key.');
    current.uses += payloads;
    const now = Date.now();
    const isOld = current.uses >= this.#rotation.uses || now - current.since >= this.#rotation.life;
    const mayRenew = !this.#renewal && now >= this.#nextTry;
    if (isOld && mayRenew) void this.#renew().catch((error: unknown) => this.#warnOf(error));
    return current.dataKey;
  }

  /** @throws Error if the key cannot be unwrapped. It is tried again for the next payload. */
  unwrap(sealed: Omit<DataKey, 'key'>): Promise<KeyObject> {
    const id = idOf(sealed);
    const known = this.#unwrapped.get(id);
    if (known) return known;
    const key = this.#source.unwrap(sealed, this.#context);
    this.#unwrapped.set(id, key);
    key.catch(() => this.#unwrapped.delete(id));
    return key;
  }

  /** Gets a new data key. Concurrent calls get the same one. */
  #renew(): Promise<void> {
    this.#renewal ??= this.#source
      .newDataKey(this.#context)
      .then((dataKey) => {
        this.#current = { dataKey, since: Date.now(), uses: 0 };
        this.#failures = 0;
        // The payloads that this process encrypts are often read by it too.
        this.#unwrapped.set(idOf(dataKey), Promise.resolve(dataKey.key));
      })
      .catch((error: unknown) => {
        this.#nextTry = Date.now() + this.#rotation.retryAfter;
        this.#failures += 1;
        throw error;
      })
      .finally(() => (this.#renewal = undefined));
    return this.#renewal;
  }

  #warnOf(error: unknown): void {
    this.#warn(
      `Payloads are still encrypted with the last data key, because no new one can be had (failed attempts: ${this.#failures}): ${reasonOf(error)}`,
    );
  }
}

const idOf = ({ keyId, wrapped }: Omit<DataKey, 'key'>) =>
  `${keyId}\n${Buffer.from(wrapped).toString('base64')}`;

/** Errors of KMS name keys and roles, and never hold a payload. */
const reasonOf = (error: unknown) =>
  error instanceof Error ? `${error.name}: ${error.message}` : String(error);
