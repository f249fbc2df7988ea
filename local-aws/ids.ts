import { createHash, randomBytes } from 'node:crypto';
import type { Store } from './store.ts';

/** The kinds of resources that have ids. */
export type IdKind = 'datastore' | 'dicomImportJob' | 'imageSet' | 'fhirDatastore' | 'fhirJob';

/** Makes ids of 32 characters of `[0-9a-f]`, as both services have them for data stores, jobs and image sets. */
export interface Ids {
  next(kind: IdKind): string;
}

export const randomIds: Ids = { next: () => randomBytes(16).toString('hex') };

/**
 * Makes the same ids for the same calls in the same order. Each kind has its own count, so that one more data store, for example,
 * does not change the ids of jobs. The counts are part of the state, because otherwise a restart would give the same id twice.
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
