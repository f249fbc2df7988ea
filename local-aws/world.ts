import type { Agenda } from './agenda.ts';
import type { Blobs } from './blobs.ts';
import type { Buckets } from './s3/buckets.ts';
import type { Faults } from './faults.ts';
import type { Ids } from './ids.ts';
import type { Limits } from './limits.ts';
import type { Settings } from './settings.ts';
import type { Transcoder } from './medical-imaging/codecs/transcoder.ts';
import type { Store } from './store.ts';
import { after, type Phase } from './timeline.ts';

/** The state and the tools that all handlers share. */
export interface World {
  /** The data folder. It holds all state, or only S3's files if everything else is in memory. */
  readonly data: string;
  readonly settings: Settings;
  readonly store: Store;
  readonly agenda: Agenda;
  readonly buckets: Buckets;
  readonly faults: Faults;
  readonly limits: Limits;
  readonly frames: Blobs;
  readonly transcoder: Transcoder;
  readonly ids: Ids;
  /** `http://127.0.0.1:4566`; known once the server listens. */
  endpoint: string;
}

/** Whether a resource in that phase was deleted so long ago that the services do not find it any more. */
export const isForgotten = ({ settings }: World, { status, from }: Phase & { readonly status: string }) =>
  status === 'DELETED' && Date.now() >= after(from, settings.deletedVisibleMs);
