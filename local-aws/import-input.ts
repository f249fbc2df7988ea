import { JobFailure } from './jobs.ts';
import type { FoundObject } from './s3/object-finder.ts';
import { parseS3Uri } from './s3/places.ts';
import type { World } from './world.ts';

/**
 * The objects that an import of either service finds at its input location.
 *
 * @throws JobFailure if the bucket does not exist or has no object with the prefix, and the settings say that this fails a job
 */
export async function listInput(
  { buckets, settings }: World,
  inputS3Uri: string,
): Promise<{ bucket: string; objects: FoundObject[] }> {
  const { bucket, key: prefix } = parseS3Uri(inputS3Uri);
  if (settings.missingInputBucket === 'FAILED' && !buckets.exists(bucket)) {
    throw new JobFailure('The job has failed. The bucket of the input location does not exist.');
  }
  const objects = await buckets.list(bucket, prefix);
  if (objects.length === 0 && settings.emptyInput === 'FAILED') {
    throw new JobFailure('The job has failed. No file was found at the input location.');
  }
  return { bucket, objects };
}
