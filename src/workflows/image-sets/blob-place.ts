import type { BlobPlace } from '../../activities/blobs.ts';
import type { Flow } from '../run/flow.ts';

/** What every flow takes that reads blobs. */
export interface BlobOptions {
  /** Where blobs go, such as `s3://bucket/artifacts/`; else to where the worker says, and else nowhere. */
  artifactsS3Uri?: string;
  /** The KMS key that S3 encrypts them with; else the worker's, and else what the bucket has as its default. */
  artifactsKmsKeyId?: string;
  /** Whether the patient is to be in the extract of the metadata that the result holds. */
  includePatient?: boolean;
}

/** Where the blobs of one version of an image set go: the same place at every attempt, in every run. */
export function blobPlace(
  flow: Flow,
  {
    artifactsS3Uri = flow.facts.artifactsS3Uri,
    artifactsKmsKeyId: kmsKeyId = flow.facts.artifactsKmsKeyId,
  }: BlobOptions,
  { datastoreId, imageSetId, versionId }: { datastoreId: string; imageSetId: string; versionId: string },
): (name: string) => BlobPlace | undefined {
  const base = artifactsS3Uri?.replace(/\/*$/, '/');
  return (name) =>
    base === undefined
      ? undefined
      : {
          uri: `${base}${datastoreId}/${imageSetId}/${versionId}/${name}`,
          ...(kmsKeyId !== undefined && { kmsKeyId }),
        };
}
