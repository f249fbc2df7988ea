/** The samples as inputs of flows, and what an import makes of them. */
import { gunzipSync } from 'node:zlib';
import {
  GetImageSetMetadataCommand,
  type MedicalImagingClient,
  type SearchFilter,
  SearchImageSetsCommand,
} from '@aws-sdk/client-medical-imaging';
import type { FlowInput } from '../src/client.ts';
import type { NewImport } from '../src/workflows/healthlake/start-import-and-wait-completed.ts';
import type { Samples } from './samples/index.ts';

/** The local AWS asks nobody for permission; the roles and keys only look right. */
const dataAccessRoleArn = 'arn:aws:iam::123456789012:role/import';
const kmsKeyArn = 'arn:aws:kms:us-east-1:123456789012:key/00000000-0000-0000-0000-000000000000';

/** Real AWS takes minutes, the local one seconds: look that often. */
const polling = { minimumInterval: '1s' } as const;

export function onboardInput(
  samples: Samples,
  datastoreName: string,
): FlowInput<'onboardDatastoreAndImport'> {
  const outputS3Uri = `s3://results/${datastoreName}/`;
  return {
    datastoreName,
    dataAccessRoleArn,
    inputS3Uri: samples.dicomUri,
    outputS3Uri,
    listFailedFiles: 10,
    polling,
  };
}

export function fhirImportInput(samples: Samples, DatastoreId: string): NewImport {
  return {
    DatastoreId,
    InputS3Uri: samples.fhirUri,
    OutputS3Uri: 's3://results/fhir/',
    OutputKmsKeyId: kmsKeyArn,
    DataAccessRoleArn: dataAccessRoleArn,
    listFailedFiles: 10,
    polling,
  };
}

/** The two sets are of two series, which HealthImaging merges only if it is forced to: the destination's metadata stay. */
export function copyInput(datastoreId: string, { source, destination }: CopyPair): FlowInput<'copyImageSet'> {
  return {
    datastoreId,
    sourceImageSetId: source.imageSetId,
    destinationImageSetId: destination.imageSetId,
    force: true,
    polling,
  };
}

export interface ImageSet {
  readonly imageSetId: string;
  readonly instances: number;
}

export interface CopyPair {
  readonly source: ImageSet;
  readonly destination: ImageSet;
}

/** The two image sets that an import has made of the first study's two series; undefined where they are not there. */
export async function copyPair(
  imaging: MedicalImagingClient,
  datastoreId: string,
  { studies: [{ uid }] }: Samples,
): Promise<CopyPair | undefined> {
  const filters: SearchFilter[] = [{ operator: 'EQUAL', values: [{ DICOMStudyInstanceUID: uid }] }];
  const search = new SearchImageSetsCommand({ datastoreId, searchCriteria: { filters } });
  const { imageSetsMetadataSummaries = [] } = await imaging.send(search);
  const ids = imageSetsMetadataSummaries.map(({ imageSetId = '' }) => imageSetId);
  const sets = await Promise.all(ids.map((id) => readImageSet(imaging, datastoreId, id)));
  const [destination, source] = sets.sort((a, b) => b.instances - a.instances);
  return source && destination && { source, destination };
}

/** An image set with the number of instances that its metadata holds: gzipped JSON, which the SDK leaves as it is. */
export async function readImageSet(
  imaging: MedicalImagingClient,
  datastoreId: string,
  imageSetId: string,
): Promise<ImageSet> {
  const reply = await imaging.send(new GetImageSetMetadataCommand({ datastoreId, imageSetId }));
  const bytes = (await reply.imageSetMetadataBlob?.transformToByteArray()) ?? new Uint8Array();
  const metadata = JSON.parse(gunzipSync(bytes).toString()) as ImageSetMetadata;
  const instances = Object.values(metadata.Study.Series).flatMap(({ Instances }) => Object.keys(Instances));
  return { imageSetId, instances: instances.length };
}

interface ImageSetMetadata {
  readonly Study: { readonly Series: Readonly<Record<string, { readonly Instances: object }>> };
}
