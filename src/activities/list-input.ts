import { createHash } from 'node:crypto';
import { cancellationSignal, heartbeat } from '@temporalio/activity';
import type { S3Client, _Object } from '@aws-sdk/client-s3';
import { attempt } from './operation.ts';
import { listObjects } from './s3.ts';

/** The objects that a firing has found, in a form that is small enough for the result that the next firing receives. */
export interface SeenObjects {
  /** The digest of all objects together, in the order of the list. */
  digest: string;
  /** All fingerprints, each of `FINGERPRINT` characters. Absent for more than `MOST_SEEN` objects. */
  each?: string;
}

/** The objects to import. */
export interface InputListing {
  objects: number;
  /** How many of them an earlier firing has not seen. */
  unseen: number;
  seen: SeenObjects;
}

/** 72 bits in base64: the probability that two of ten thousand objects have the same fingerprint is 1 in 10^14. */
const FINGERPRINT = 12;
const FINGERPRINTS = new RegExp(`.{${FINGERPRINT}}`, 'g');

/** 120 KB of fingerprints; Temporal accepts 2 MB. HealthImaging accepts 5,000 files in one import. */
const MOST_SEEN = 10_000;

/**
 * Lists the objects under a prefix and compares them with those that an earlier firing has seen there. Empty objects that
 * represent folders in the S3 console are ignored.
 *
 * An object is new if its key, ETag, size or time of last change differs. The number of objects and the newest time are not
 * enough: one object may expire while another is added, an object may be overwritten, and an object from a multipart upload
 * has the time at which its upload began.
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
