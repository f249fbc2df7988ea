/**
 * The local AWS for tests, in the process of the tests.
 *
 * Importing it throws a UserError if the packages that only the local AWS needs are not installed.
 *
 * @module aws-health-workflows/local-aws
 */
import type { LocalAwsOptions } from './options.ts';
import { requirePackages } from './packages.ts';
import type { LocalAws } from './server.ts';

export type { Call } from './calls.ts';
export {
  LocalAwsControl,
  type EntityKind,
  type FailNext,
  type OperationName,
  type Rival,
  type StartingOperation,
} from './control.ts';
export type { Moment } from './faults.ts';
export type { LocalAwsOptions } from './options.ts';
export type { LocalAws } from './server.ts';
export type { Settings } from './settings.ts';
export type { Duration } from './timeline.ts';
export type { DicomWebOperation } from './medical-imaging/dicomweb/protocol.ts';
export type { OperationsOf } from './protocols/operations.ts';
export type { KmsOperation } from './kms/index.ts';
export type { S3Operation } from './s3/routes.ts';
export type { SqsOperation } from './sqs/index.ts';

requirePackages();

/**
 * Starts HealthImaging, HealthLake, S3, SQS and KMS on one port, with the state that the data folder holds. Jobs that a killed process has
 * not finished continue.
 *
 * @throws UserError for options that do not go together, and for folders that cannot be used
 * @throws Error with code `EADDRINUSE` if the port is taken, and with code `LEVEL_LOCKED` if another process uses the folder
 *
 * @example
 * const aws = await startLocalAws({ memory: true, fast: true });
 * const imaging = new MedicalImagingClient({ endpoint: aws.endpoint, disableHostPrefix: true, … });
 * // In each test: await aws.control.reset();
 * await aws.close();
 */
export async function startLocalAws(options: LocalAwsOptions): Promise<LocalAws> {
  // Loaded only here, because a static import would be resolved before the packages are checked.
  const server = await import('./server.ts');
  return server.startLocalAws(options);
}
