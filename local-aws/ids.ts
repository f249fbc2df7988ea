import { createHash, randomBytes } from 'node:crypto';
import type { Store } from './store.ts';

/** What has an id that clients see. */
export type IdKind = 'datastore' | 'dicomImportJob' | 'imageSet' | 'fhirDatastore' | 'fhirJob';

/** Makes ids of 32 characters of `[0-9a-f]`, as both services have them for data stores, jobs and image sets. */
export interface Ids {
  next(kind: IdKind): string;
}

export const randomIds: Ids = { next: () => randomBytes(16).toString('hex') };

/**
 * Ids that the same calls in the same order get again. Each kind is counted by itself, so that a call which makes something
 * of another kind changes none of them; the counts are part of the state, or a restart would give the same id twice.
 */
export function seededIds(store: Store, seed: number): Ids {
  const counts = store.table<number>('idCount');
  return {
    next(kind) {
      const count = counts.get(kind) ?? 0;
      counts.put(kind, count + 1);
      return createHash('sha256').update(`${seed}/${kind}/${count}`).digest('hex').slice(0, 32);
    },
  };
}
