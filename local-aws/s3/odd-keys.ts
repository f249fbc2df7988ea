import { compareKeys, lowerBound } from './key-order.ts';
import type { S3Location } from './places.ts';
import type { Selection } from './tree.ts';

/** For each bucket, the sorted keys of the objects that are stored in `s3-odd` instead of the bucket's folder. */
export class OddKeys {
  readonly #buckets = new Map<string, string[]>();

  constructor(locations: readonly S3Location[]) {
    for (const { bucket, key } of locations) this.#of(bucket).push(key);
    for (const keys of this.#buckets.values()) keys.sort(compareKeys);
  }

  add({ bucket, key }: S3Location): void {
    const keys = this.#of(bucket);
    const index = lowerBound(keys, key);
    if (keys[index] !== key) keys.splice(index, 0, key);
  }

  remove({ bucket, key }: S3Location): void {
    const keys = this.#of(bucket);
    const index = lowerBound(keys, key);
    if (keys[index] === key) keys.splice(index, 1);
  }

  *select(bucket: string, { prefix, after }: Selection): Generator<string> {
    // A copy, because objects may be put and deleted while a list is read.
    const keys = [...this.#of(bucket)];
    for (let i = lowerBound(keys, compareKeys(after, prefix) > 0 ? after : prefix); i < keys.length; i++) {
      const key = keys[i] ?? '';
      if (!key.startsWith(prefix)) return;
      if (key !== after) yield key;
    }
  }

  #of(bucket: string): string[] {
    let keys = this.#buckets.get(bucket);
    if (!keys) this.#buckets.set(bucket, (keys = []));
    return keys;
  }
}
