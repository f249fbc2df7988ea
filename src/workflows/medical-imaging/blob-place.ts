import type { BlobPlace } from '../../activities/blobs.ts';
import { folderUri } from '../../lib/folder-uri.ts';
import type { Flow } from '../run/flow.ts';

/** The input members of every flow that reads blobs. */
export interface BlobOptions {
  /** Where to store blobs, such as `s3://bucket/artifacts/`. The default is the worker's setting; without one they are not stored. */
  artifactsS3Uri?: string;
  /** The KMS key that encrypts them. The default is the worker's setting, and without one the bucket's default. */
  artifactsKmsKeyId?: string;
  /** Whether the result's extract of the metadata includes the patient. */
  includePatient?: boolean;
}

/** Where to store a blob of one version of an image set. Each attempt and each run stores it at the same URI. */
export function blobPlace(
  { facts }: Flow,
  {
    artifactsS3Uri = facts.artifactsS3Uri,
    artifactsKmsKeyId: kmsKeyId = facts.artifactsKmsKeyId,
  }: BlobOptions,
  { datastoreId, imageSetId, versionId }: { datastoreId: string; imageSetId: string; versionId: string },
  name: string,
): BlobPlace | undefined {
  if (artifactsS3Uri === undefined) return undefined;
  const folder = `${folderUri(artifactsS3Uri)}${datastoreId}/${imageSetId}/${versionId}/`;
  return { uri: folder + name, ...(kmsKeyId !== undefined && { kmsKeyId }) };
}
