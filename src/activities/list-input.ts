import { cancellationSignal, heartbeat } from '@temporalio/activity';
import type { S3Client } from '@aws-sdk/client-s3';
import { attempt } from './operation.ts';
import { listObjects } from './s3.ts';

/** What there is to import. */
export interface InputListing {
  objects: number;
  /** When the newest of them was written, ISO 8601; absent where there are none. */
  newest?: string;
}

/** Counts what is under a prefix. The empty objects that stand for folders in the S3 console are nothing to import. */
export const listInputActivity =
  (s3: S3Client) =>
  ({ inputS3Uri }: { inputS3Uri: string }): Promise<InputListing> =>
    attempt('listInput', async () => {
      let [objects, newest] = [0, 0];
      for await (const { Key, Size, LastModified } of listObjects(s3, inputS3Uri, cancellationSignal())) {
        if (Size === 0 && Key?.endsWith('/')) continue;
        objects += 1;
        newest = Math.max(newest, LastModified?.getTime() ?? 0);
        heartbeat();
      }
      return objects === 0 ? { objects } : { objects, newest: new Date(newest).toISOString() };
    });
