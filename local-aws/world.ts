import type { Agenda } from './agenda.ts';
import type { Blobs } from './blobs.ts';
import type { Buckets } from './s3/buckets.ts';
import type { Faults } from './faults.ts';
import type { Ids } from './ids.ts';
import type { Settings } from './settings.ts';
import type { Transcoder } from './medical-imaging/codecs/transcoder.ts';
import type { Store } from './store.ts';
import { after, type Phase } from './timeline.ts';

/** What every handler works with. */
export interface World {
  /** The folder of S3's files, and unless nothing but them is to be on disk, of everything. */
  readonly data: string;
  readonly settings: Settings;
  readonly store: Store;
  readonly agenda: Agenda;
  readonly buckets: Buckets;
  readonly faults: Faults;
  readonly frames: Blobs;
  readonly transcoder: Transcoder;
  readonly ids: Ids;
  /** `http://127.0.0.1:4566`; known once the server listens. */
  endpoint: string;
}

/** Whether what is in that phase was deleted so long ago that it does not answer any more. */
export const isForgotten = ({ settings }: World, { status, from }: Phase & { readonly status: string }) =>
  status === 'DELETED' && Date.now() >= after(from, settings.deletedVisibleMs);
