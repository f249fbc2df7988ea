import { createHash } from 'node:crypto';
import { cancellationSignal, heartbeat } from '@temporalio/activity';
import type { S3Client, _Object } from '@aws-sdk/client-s3';
import { attempt } from './operation.ts';
import { listObjects } from './s3.ts';

/** Which objects a firing has found, small enough to travel from each firing of a schedule to the next. */
export interface SeenObjects {
  /** Of all objects together, in the order of the list. */
  digest: string;
  /** One fingerprint after the other, each of {@link FINGERPRINT} characters. Absent for more than {@link MOST_SEEN}. */
  each?: string;
}

/** What there is to import. */
export interface InputListing {
  objects: number;
  /** How many of them are not among those that were seen before: all, where nothing was. */
  unseen: number;
  seen: SeenObjects;
}

/** 72 bits: two of ten thousand objects share a fingerprint with a chance of 1 in 10^14. In base64. */
const FINGERPRINT = 12;
const FINGERPRINTS = new RegExp(`.{${FINGERPRINT}}`, 'g');

/** 120 KB of fingerprints, where Temporal takes 2 MB; HealthImaging takes 5,000 files in one import. */
const MOST_SEEN = 10_000;

/**
 * Lists what is under a prefix and holds it against what an earlier firing has seen there. The empty objects that stand for
 * folders in the S3 console are nothing to import.
 *
 * An object is another one where its key, its ETag, its size or the time of its last change is different. Neither their
 * number nor the newest time would tell: an object may expire while another comes, be written anew under its key, or,
 * as one of a multipart upload, bear the time at which its upload began.
 *
 * @throws ApplicationFailure by the name of the S3 exception
 */
export const listInputActivity =
  (s3: S3Client) =>
  ({ inputS3Uri, before }: { inputS3Uri: string; before?: SeenObjects }): Promise<InputListing> =>
    attempt('listInput', async () => {
      const known = new Set(before?.each?.match(FINGERPRINTS));
      const all = createHash('sha256');
      let [objects, unseen, each] = [0, 0, ''];
      for await (const object of listObjects(s3, inputS3Uri, cancellationSignal())) {
        if (object.Size === 0 && object.Key?.endsWith('/')) continue;
        const fingerprint = fingerprintOf(object);
        objects += 1;
        if (!known.has(fingerprint)) unseen += 1;
        if (objects <= MOST_SEEN) each += fingerprint;
        all.update(fingerprint);
        heartbeat();
      }
      const digest = all.digest('base64');
      return {
        objects,
        unseen: digest === before?.digest ? 0 : unseen,
        seen: { digest, ...(objects <= MOST_SEEN && { each }) },
      };
    });

function fingerprintOf({ Key, ETag, Size, LastModified }: _Object): string {
  const what = JSON.stringify([Key, ETag, Size, LastModified]);
  return createHash('sha256').update(what).digest('base64').slice(0, FINGERPRINT);
}
