/** The types of the members that the inputs of several flows have in common. The rules for their values are in `*-flows.ts`. */
import type {
  CreateFHIRDatastoreRequest,
  FHIRVersion,
  PreloadDataType,
  StartFHIRExportJobRequest,
  ValidationLevel,
} from '@aws-sdk/client-healthlake';
import type { CreateDatastoreRequest, StartDICOMImportJobRequest } from '@aws-sdk/client-medical-imaging';
import type { Duration, Polling } from '../pacing/polling.ts';

/** The input members of every import besides the service's own. */
export interface ImportOptions {
  /**
   * What files that were not imported mean for the run. `report` (default): they are in the result, and the run fails only
   * if the job scanned something and imported nothing. `fail`: any such file fails the run. `ignore`: nothing is read from S3.
   */
  onFileErrors?: 'report' | 'fail' | 'ignore';
  /** How many failed files to name in the result: 0 (default) to 100. Names and messages often hold patient data. */
  listFailedFiles?: number;
  polling?: Polling;
}

/** The members of a fleet's input besides the service's own. */
export interface FleetOptions {
  /** Only plan: say what would be imported by how many jobs, and what cannot be imported. */
  planOnly?: boolean;
  /** Sets this plan apart from other plans of the same input. Without it, a second run continues the plan of the first. */
  planName?: string;
  /** The most files of one job. The default is 90 % of the service's quota. */
  filesPerJob?: number;
  /** The most bytes of one job. The default is 90 % of the service's quota. */
  bytesPerJob?: number;
  /** What to do about files that cannot be imported by a prefix: `refuse` (default) to start anything, or `skip` these files. */
  onUncut?: 'refuse' | 'skip';
  /** A folder in S3, to which files are copied that no prefix can import. Without it, `onUncut` decides about them. */
  stagingS3Uri?: string;
  /** How many jobs may be in the service at the same time. The default is 90 % of the service's quota. */
  concurrency?: number;
  /** How many jobs to start in a second. The default is 80 % of what the service takes. */
  startsPerSecond?: number;
  /** The pause between two looks at the jobs in the service. The default is 10 seconds. */
  lookInterval?: Duration;
}

/** What a fleet of HealthImaging imports: everything below a folder, up to 1,000 folders, or those in an ndjson file. */
export type DicomFleetSource =
  | { inputS3Uri: string; imports?: never; importsS3Uri?: never }
  | { inputS3Uri?: never; imports: readonly { inputS3Uri: string }[]; importsS3Uri?: never }
  | { inputS3Uri?: never; imports?: never; importsS3Uri: string };

/** The input of `importAllDicom`. */
export type DicomFleetInput = FleetOptions &
  DicomFleetSource &
  Pick<StartDICOMImportJobRequest, 'inputOwnerAccountId'> & {
    datastoreId: string;
    dataAccessRoleArn: string;
    outputS3Uri: string;
  };

/** What a fleet of HealthLake imports: everything below a folder, up to 1,000 folders, or those in an ndjson file. */
export type FhirFleetSource =
  | { InputS3Uri: string; imports?: never; importsS3Uri?: never }
  | { InputS3Uri?: never; imports: readonly { inputS3Uri: string }[]; importsS3Uri?: never }
  | { InputS3Uri?: never; imports?: never; importsS3Uri: string };

/** The input of `importAllFhir`. */
export type FhirFleetInput = FleetOptions &
  FhirFleetSource & {
    DatastoreId: string;
    DataAccessRoleArn: string;
    OutputS3Uri: string;
    OutputKmsKeyId: string;
    ValidationLevel?: ValidationLevel;
  };

/** The members of a flow's input that create a data store. The name of its client token differs from flow to flow. */
export interface NewDatastore extends Omit<CreateDatastoreRequest, 'datastoreName' | 'clientToken'> {
  datastoreName: string;
}

/** The members of a flow's input that start an import job. The name of its client token differs from flow to flow. */
export interface NewDicomImport
  extends Pick<StartDICOMImportJobRequest, 'inputOwnerAccountId' | 'jobName'>, ImportOptions {
  dataAccessRoleArn: string;
  inputS3Uri: string;
  outputS3Uri: string;
}

/** The members of a flow's input that attach to an import job that was started already: the run starts none. */
export interface RunningDicomImport extends Partial<NewDicomImport> {
  jobId: string;
}

/** The members of a flow's input that import into a data store. */
export type DicomImportInput = NewDicomImport | RunningDicomImport;

/** The members of a flow's input that create a data store, except for its client token. */
export interface NewFhirDatastore extends Pick<
  CreateFHIRDatastoreRequest,
  'SseConfiguration' | 'IdentityProviderConfiguration' | 'Tags'
> {
  DatastoreName: string;
  DatastoreTypeVersion: FHIRVersion;
  /** Synthetic patients that HealthLake puts into the new data store. */
  PreloadDataType?: PreloadDataType;
  DatastoreId?: string;
  polling?: Polling;
}

/** The members of a flow's input that name an existing data store: the run creates none. */
export interface GivenFhirDatastore extends Partial<NewFhirDatastore> {
  DatastoreId: string;
}

/** The data store of a flow: a new one, or an existing one. */
export type FhirDatastoreInput = NewFhirDatastore | GivenFhirDatastore;

/** The members of a flow's input that start an export job. */
export interface NewFhirExport {
  OutputS3Uri: string;
  OutputKmsKeyId: string;
  DataAccessRoleArn: string;
  JobId?: string | undefined;
  polling?: Polling;
}

/** The members of a flow's input that attach to an export job that was started already: the run starts none. */
export interface RunningFhirExport extends Partial<NewFhirExport> {
  JobId: string;
}

/** The members of a flow's input that export from a data store. */
export type FhirExportInput = NewFhirExport | RunningFhirExport;

/** The job's name and client token, whose names in the input differ from flow to flow; derived where they are absent. */
export type JobNames = Pick<StartFHIRExportJobRequest, 'JobName' | 'ClientToken'>;

/** The members of a flow's input that start an import job. */
export interface NewFhirImport extends NewFhirExport, ImportOptions {
  InputS3Uri: string;
  ValidationLevel?: ValidationLevel;
}

/** The members of a flow's input that attach to an import job that was started already: the run starts none. */
export interface RunningFhirImport extends Partial<NewFhirImport> {
  JobId: string;
}

/** The members of a flow's input that import into a data store. */
export type FhirImportInput = NewFhirImport | RunningFhirImport;
