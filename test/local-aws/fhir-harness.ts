import type { CreateFHIRDatastoreRequest, ValidationLevel } from '@aws-sdk/client-healthlake';
import { until, type Clients } from './harness.ts';

const DataAccessRoleArn = 'arn:aws:iam::123456789012:role/data-access';
const KmsKeyId = 'arn:aws:kms:us-east-1:123456789012:key/1';

/** A data store that is ACTIVE. */
export async function activeFhirDatastore(
  { healthlake }: Clients,
  input: Partial<CreateFHIRDatastoreRequest> = {},
): Promise<string> {
  const { DatastoreId = '' } = await healthlake.createFHIRDatastore({ DatastoreTypeVersion: 'R4', ...input });
  await until(
    () => healthlake.describeFHIRDatastore({ DatastoreId }),
    ({ DatastoreProperties }) => DatastoreProperties?.DatastoreStatus === 'ACTIVE',
  );
  return DatastoreId;
}

interface JobInput {
  readonly DatastoreId: string;
  readonly JobName?: string;
  readonly ClientToken?: string;
}

export interface FhirImport extends JobInput {
  readonly S3Uri?: string;
  readonly ValidationLevel?: ValidationLevel;
}

export async function startFhirImport(
  { healthlake }: Clients,
  { S3Uri = 's3://input/good/', ...input }: FhirImport,
): Promise<string> {
  const { JobId = '' } = await healthlake.startFHIRImportJob({
    ...input,
    DataAccessRoleArn,
    InputDataConfig: { S3Uri },
    JobOutputDataConfig: { S3Configuration: { S3Uri: 's3://results/fhir', KmsKeyId } },
  });
  return JobId;
}

/** Waits for a state of an import. */
export async function importReached(
  { healthlake }: Clients,
  job: { DatastoreId: string; JobId: string },
  status: string,
) {
  const { ImportJobProperties } = await until(
    () => healthlake.describeFHIRImportJob(job),
    ({ ImportJobProperties }) => ImportJobProperties?.JobStatus === status,
  );
  return ImportJobProperties;
}

export async function startFhirExport(
  { healthlake }: Clients,
  { S3Uri = 's3://results/export', ...input }: JobInput & { readonly S3Uri?: string },
): Promise<string> {
  const { JobId = '' } = await healthlake.startFHIRExportJob({
    ...input,
    DataAccessRoleArn,
    OutputDataConfig: { S3Configuration: { S3Uri, KmsKeyId } },
  });
  return JobId;
}

/** Waits for a state of an export. */
export async function exportReached(
  { healthlake }: Clients,
  job: { DatastoreId: string; JobId: string },
  status: string,
) {
  const { ExportJobProperties } = await until(
    () => healthlake.describeFHIRExportJob(job),
    ({ ExportJobProperties }) => ExportJobProperties?.JobStatus === status,
  );
  return ExportJobProperties;
}
