import type {
  CreateFHIRDatastoreRequest,
  JobProgressReport,
  ValidationLevel,
} from '@aws-sdk/client-healthlake';
import { putFiles, until, type Clients, type LocalAwsUnderTest } from './harness.ts';
import { readObject } from './imaging-harness.ts';

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
  readonly OutputS3Uri?: string;
  readonly ValidationLevel?: ValidationLevel;
}

export async function startFhirImport(
  { healthlake }: Clients,
  { S3Uri = 's3://input/good/', OutputS3Uri = 's3://results/fhir', ...input }: FhirImport,
): Promise<string> {
  const { JobId = '' } = await healthlake.startFHIRImportJob({
    ...input,
    DataAccessRoleArn,
    InputDataConfig: { S3Uri },
    JobOutputDataConfig: { S3Configuration: { S3Uri: OutputS3Uri, KmsKeyId } },
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

/** An issue as HealthLake writes it into the file of a line that it does not take, or takes with a warning. */
export interface WrittenIssue {
  readonly severity: string;
  readonly code: string;
  readonly diagnostics: string;
  readonly location?: readonly string[];
}

export interface Imported {
  readonly status: string;
  readonly report: JobProgressReport;
  /** The lines of each folder of the output, each with its issues. */
  readonly success: readonly number[];
  readonly failure: ReadonlyMap<number, readonly WrittenIssue[]>;
  readonly warned: ReadonlyMap<number, readonly WrittenIssue[]>;
  /** What a data store that has nothing else gives back, by id. */
  readonly resources: ReadonlyMap<string, string>;
}

/** Imports one file into a data store of its own, and reads all that comes of it. */
export async function importFile(
  aws: LocalAwsUnderTest,
  content: Uint8Array | string,
  ValidationLevel: ValidationLevel = 'strict',
): Promise<Imported> {
  const DatastoreId = await activeFhirDatastore(aws);
  await putFiles(aws.data, DatastoreId, { 'in/file.ndjson': content });
  const JobId = await startFhirImport(aws, {
    DatastoreId,
    S3Uri: `s3://${DatastoreId}/in/`,
    ValidationLevel,
  });
  const { ImportJobProperties: job } = await until(
    () => aws.healthlake.describeFHIRImportJob({ DatastoreId, JobId }),
    ({ ImportJobProperties }) => ImportJobProperties?.EndTime !== undefined,
  );
  const folder = job?.JobOutputDataConfig?.S3Configuration?.S3Uri;
  const lines = async (name: string) => {
    const text = await readObject(aws, `${folder}${name}/file.ndjson`).catch(() => '');
    return text.split('\n').filter(Boolean).map(writtenLine);
  };
  const exportId = await startFhirExport(aws, { DatastoreId, S3Uri: `s3://${DatastoreId}/out` });
  await exportReached(aws, { DatastoreId, JobId: exportId }, 'COMPLETED');
  const { Contents = [] } = await aws.s3.listObjectsV2({ Bucket: DatastoreId, Prefix: 'out/' });
  const files = Contents.map(({ Key }) => readObject(aws, `s3://${DatastoreId}/${Key}`));
  const exported = (await Promise.all(files)).flatMap((text) => text.split('\n').filter(Boolean));
  return {
    status: job?.JobStatus ?? '',
    report: job?.JobProgressReport ?? {},
    success: (await lines('SUCCESS')).map(([lineId]) => lineId),
    failure: new Map(await lines('FAILURE')),
    warned: new Map(await lines('SUCCESS_WITH_SEARCH_VALIDATION_FAILURES')),
    resources: new Map(exported.map((json) => [(JSON.parse(json) as { id: string }).id, json])),
  };
}

function writtenLine(line: string): [lineId: number, issues: WrittenIssue[]] {
  const { lineId, UpdateResourceResponse } = JSON.parse(line) as {
    lineId: number;
    UpdateResourceResponse: { jsonBlob?: { issue: WrittenIssue[] } };
  };
  return [lineId, UpdateResourceResponse.jsonBlob?.issue ?? []];
}
