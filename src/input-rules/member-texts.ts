/** The meaning, the format and an example of each input member, for `--help` and for the tables in docs/flows. */
import type { Member } from './members.ts';

export interface MemberText {
  /** A sentence without its full stop. */
  readonly what: string;
  /** Added to the text where the member is optional, and the flow does something else without it. */
  readonly optionally?: string;
  /** The format of its value, if the choices or the kind of the member do not say it. */
  readonly form?: string;
  /** The section of docs/flows.md about it. */
  readonly see?: string;
  /** A valid value. */
  readonly example: unknown;
}

const ID = '32 hexadecimal digits';
const TOKEN = '1 to 64 letters, digits, hyphens';
const PAGE_TOKEN = 'the text from the result of the earlier run';
const ATTRIBUTES = "the service's JSON: an object, its text, or the base64 of that";
const DURATION = 'milliseconds, or text with a unit';
const TIME = 'ISO 8601 with an offset';

/** By the member's name in lower camel case. Names in HealthLake begin with a capital, and names in HealthImaging do not. */
const TEXTS: Readonly<Record<string, MemberText>> = {
  datastoreId: {
    what: 'the data store',
    optionally: 'none is created',
    form: ID,
    example: 'd0000000000000000000000000000000',
  },
  datastoreName: { what: 'the name of the new data store', example: 'radiology' },
  datastoreTypeVersion: { what: 'the FHIR version of the new data store', example: 'R4' },
  preloadDataType: { what: 'synthetic patients to preload into the new data store', example: 'SYNTHEA' },
  sseConfiguration: {
    what: 'the key that encrypts the new data store',
    form: 'the JSON of the AWS API',
    example: { KmsEncryptionConfig: { CmkType: 'AWS_OWNED_KMS_KEY' } },
  },
  identityProviderConfiguration: {
    what: 'how requests to the new data store are authorized, such as SMART on FHIR',
    form: 'the JSON of the AWS API',
    example: { AuthorizationStrategy: 'AWS_AUTH' },
  },
  kmsKeyArn: {
    what: 'the key that encrypts the new data store',
    form: 'ARN of a KMS key',
    example: 'arn:aws:kms:eu-west-1:123456789012:key/12345678-1234-1234-1234-123456789012',
  },
  lambdaAuthorizerArn: {
    what: 'the function that authorizes requests to the new data store',
    form: 'ARN of a Lambda function',
    example: 'arn:aws:lambda:eu-west-1:123456789012:function:authorizer',
  },
  losslessStorageFormat: {
    what: 'the format in which the new data store keeps lossless frames',
    example: 'HTJ2K',
  },
  imageSetId: { what: 'the image set', form: ID, example: 'a0000000000000000000000000000000' },
  sourceImageSetId: {
    what: 'the image set to copy',
    form: ID,
    example: 'a0000000000000000000000000000000',
  },
  destinationImageSetId: {
    what: 'the image set to copy into; by default the copy creates a new image set',
    form: ID,
    example: 'b0000000000000000000000000000000',
  },
  imageFrameId: { what: 'the frame to read', form: ID, example: 'f0000000000000000000000000000000' },
  copiableAttributes: {
    what: 'the series and instances to copy; by default all',
    form: "the service's JSON as text",
    example: '{"SchemaVersion": "1.1", "Study": {"Series": {}}}',
  },
  force: { what: 'also change protected attributes, or copy although metadata do not match', example: true },
  promoteToPrimary: { what: 'make the copy a primary image set, which gives it a new id', example: true },
  updatableAttributes: {
    what: 'the attributes to set',
    form: ATTRIBUTES,
    example: { SchemaVersion: 1.1, Study: { DICOM: { StudyDescription: 'CHEST' } } },
  },
  removableAttributes: {
    what: 'the attributes to remove',
    form: ATTRIBUTES,
    example: { SchemaVersion: 1.1, Study: { DICOM: { StudyDescription: 'CHEST' } } },
  },
  revertToVersionId: {
    what: 'the version to revert to, instead of changing attributes',
    form: 'a number as text',
    example: '1',
  },
  dicomPatientId: { what: "the patient's id in DICOM", form: 'up to 64 characters', example: 'PAT-1' },
  includePatient: { what: 'include the patient in the extract of the metadata', example: true },
  artifactsKmsKeyId: {
    what: "the KMS key that encrypts blobs in S3; by default the worker's setting ARTIFACTS_KMS_KEY_ID",
    form: 'id, alias or ARN',
    example: 'alias/artifacts',
  },
  artifactsS3Uri: {
    what: "where to store blobs; by default the worker's setting ARTIFACTS_S3_URI",
    form: 'S3 URI',
    example: 's3://artifacts/',
  },
  inputS3Uri: {
    what: 'the folder to import: a prefix, so end it with a slash',
    form: 'S3 URI',
    example: 's3://incoming/day/',
  },
  imports: {
    what: 'up to 1,000 folders to import',
    form: 'JSON',
    example: [{ inputS3Uri: 's3://incoming/day-1/' }, { inputS3Uri: 's3://incoming/day-2/' }],
  },
  importsS3Uri: {
    what: 'an ndjson file that names the folders to import, one in each line: {"inputS3Uri": "s3://incoming/day/"}',
    form: 'S3 URI',
    example: 's3://incoming/folders.ndjson',
  },
  planOnly: {
    what: 'only plan: how many jobs would import how much, and what cannot be imported',
    example: true,
  },
  planName: {
    what: 'sets this plan apart from others of the same input; without it, a second run continues the plan of the first',
    form: 'up to 64 letters, digits, . _ -',
    example: '2026-01-31',
  },
  filesPerJob: { what: "the most files of one job (default: 90 % of the service's quota)", example: 1000 },
  bytesPerJob: {
    what: "the most bytes of one job (default: 90 % of the service's quota)",
    example: 1000000000,
  },
  onUncut: {
    what: 'what to do about files that no job can import: refuse to start anything (default), or skip them',
    example: 'skip',
  },
  stagingS3Uri: {
    what: 'a folder to which files are copied that no prefix can import, so that they are imported, too',
    form: 'S3 URI',
    example: 's3://staging/',
  },
  concurrency: {
    what: "how many jobs may be in the service at the same time (default: 90 % of the service's quota)",
    example: 20,
  },
  startsPerSecond: {
    what: 'how many jobs to start in a second (default: 80 % of what the service takes)',
    example: 0.5,
  },
  lookInterval: {
    what: 'the pause between two looks at the jobs in the service (default: 10 seconds)',
    form: DURATION,
    example: '30s',
  },
  outputS3Uri: {
    what: 'where the service writes its output and the manifest',
    form: 'S3 URI',
    example: 's3://results/',
  },
  outputKmsKeyId: {
    what: 'the key that encrypts the output',
    form: 'id, alias or ARN of a KMS key',
    example: 'alias/results',
  },
  dataAccessRoleArn: {
    what: 'the role with which the service reads and writes S3',
    form: 'ARN of an IAM role',
    example: 'arn:aws:iam::123456789012:role/import',
  },
  inputOwnerAccountId: {
    what: 'the AWS account that owns the input bucket, if it is another account',
    form: '12 digits',
    example: '123456789012',
  },
  validationLevel: { what: 'how strictly each resource is validated against FHIR', example: 'strict' },
  jobName: { what: 'the name of the job; without it one is derived', example: 'nightly' },
  importJobName: { what: 'the name of the import job; without it one is derived', example: 'nightly' },
  exportJobName: { what: 'the name of the export job; without it one is derived', example: 'nightly' },
  jobId: {
    what: 'a job in this data store to wait for; none is started',
    form: ID,
    example: 'c0000000000000000000000000000000',
  },
  clientToken: { what: 'the idempotency token; without it one is derived', form: TOKEN, example: 'once-1' },
  datastoreClientToken: {
    what: 'the idempotency token of the data store; without it one is derived',
    form: TOKEN,
    example: 'once-1',
  },
  createClientToken: {
    what: 'the idempotency token of the data store; without it one is derived',
    form: TOKEN,
    example: 'once-1',
  },
  importClientToken: {
    what: 'the idempotency token of the import; without it one is derived',
    form: TOKEN,
    example: 'once-2',
  },
  exportClientToken: {
    what: 'the idempotency token of the export; without it one is derived',
    form: TOKEN,
    example: 'once-2',
  },
  maxResults: { what: 'how many jobs are in one page of the list', form: '1 to 500', example: 100 },
  summaries: {
    see: 'lists',
    what: 'the contents of the list of image sets; ids contains no patient data',
    example: 'ids',
  },
  nextToken: { see: 'lists', what: 'continue the list of an earlier run', form: PAGE_TOKEN, example: 'AAMA' },
  jobsNextToken: {
    see: 'lists',
    what: 'continue the list of jobs of an earlier run',
    form: PAGE_TOKEN,
    example: 'AAMA',
  },
  submittedAfter: {
    what: 'only jobs submitted at this time or later',
    form: TIME,
    example: '2026-01-31T02:00:00Z',
  },
  submittedBefore: {
    what: 'only jobs submitted at this time or earlier',
    form: TIME,
    example: '2026-01-31T02:00:00Z',
  },
  tags: {
    what: 'tags in the format of the service',
    form: 'the JSON of the AWS API',
    example: { team: 'radiology' },
  },
  polling: {
    what: 'how often waits read, and their timeout',
    form: 'JSON of minimumInterval, maximumInterval, share, timeout',
    example: { timeout: '2 days' },
  },
  onFileErrors: { what: 'what to do about files that were not imported (default: report)', example: 'fail' },
  listFailedFiles: {
    what: 'how many of these files to name in the result (default: 0)',
    form: '0 to 100',
    example: 10,
  },
  flow: { what: 'the flow to start', example: 'importDicomAndSearch' },
  input: {
    what: "the flow's input, which may hold templates such as {yyyy}",
    form: 'JSON',
    example: { datastoreId: 'd0000000000000000000000000000000' },
  },
  cron: {
    what: 'when it fires',
    form: 'five fields, or a name such as @daily',
    example: '0 2 * * *',
  },
  every: { what: 'how often it fires, instead of cron', form: DURATION, example: '6 hours' },
  timeZone: {
    what: 'the time zone of cron and templates (default: UTC)',
    form: 'IANA name',
    example: 'Europe/Berlin',
  },
  offset: {
    what: 'added to the scheduled time before templates are expanded',
    form: 'minutes, hours, days or weeks',
    example: '-1 day',
  },
  onlyNew: { what: 'skip a firing if its folder has no new objects', example: true },
  jitter: {
    what: 'delay each firing by a random time up to this (default: 1 minute)',
    form: DURATION,
    example: '5 minutes',
  },
  overlap: {
    what: 'what to do if the previous firing is still running (default: BUFFER_ONE)',
    example: 'SKIP',
  },
  catchupWindow: {
    what: 'how late a missed firing may still start (default: 1 hour)',
    form: DURATION,
    example: '1 day',
  },
  pauseOnFailure: { what: 'pause the schedule when a firing fails (default: no)', example: true },
};

/** For members whose format differs between the services. */
const OF_HEALTHLAKE: Readonly<Record<string, Partial<MemberText>>> = {
  tags: { example: [{ Key: 'team', Value: 'records' }] },
};

/** @throws Error for a member without a text; a test calls this for every member */
export function textOf({ name: member, needed }: Pick<Member, 'name' | 'needed'>): MemberText {
  const name = member.charAt(0).toLowerCase() + member.slice(1);
  const text = TEXTS[name];
  if (!text) throw new Error(`${member} has no text in src/input-rules/member-texts.ts.`);
  const { what, optionally } = text;
  const isOptional = needed !== 'always' && optionally !== undefined;
  return {
    ...text,
    what: isOptional ? `${what}; ${optionally}` : what,
    ...(name !== member && OF_HEALTHLAKE[name]),
  };
}
