import type { HttpReply, Service } from '../protocols/http.ts';
import type { World } from '../world.ts';
import { bucketHandlers } from './bucket-handlers.ts';
import { completionHandlers } from './completion.ts';
import { copyHandlers } from './copy-handlers.ts';
import { asClientError } from './file-errors.ts';
import { listHandlers } from './list-handlers.ts';
import { s3Protocol, type S3Request } from './protocol.ts';
import { readHandlers } from './read-handlers.ts';
import type { S3Operation } from './routes.ts';
import { S3 } from './s3.ts';
import { tagHandlers } from './tag-handlers.ts';
import { uploadHandlers } from './upload-handlers.ts';
import { uploadListHandlers } from './upload-list-handlers.ts';
import { writeHandlers } from './write-handlers.ts';

/** The part of Amazon S3 that clients need to upload, copy, list, read and delete files, with tags and multipart uploads. */
export function s3(world: World): Service {
  const state = new S3(world);
  const handlers: Record<S3Operation, (request: S3Request) => Promise<HttpReply>> = {
    ...bucketHandlers(state),
    ...readHandlers(state),
    ...writeHandlers(state),
    ...copyHandlers(state),
    ...listHandlers(state),
    ...uploadHandlers(state),
    ...completionHandlers(state),
    ...uploadListHandlers(state),
    ...tagHandlers(state),
  };
  return {
    name: 's3',
    protocol: s3Protocol,
    resume: () => {},
    async run(operation, input) {
      try {
        return await handlers[operation as S3Operation](input as S3Request);
      } catch (error) {
        throw asClientError(error);
      }
    },
  };
}
