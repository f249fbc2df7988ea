import { resolve } from 'node:path';
import type * as HealthLake from '@aws-sdk/client-healthlake';
import type * as MedicalImaging from '@aws-sdk/client-medical-imaging';
import type { OperationsOf } from './protocols/operations.ts';
import type { Call } from './calls.ts';
import type { EventFault, Moment } from './faults.ts';
import type { DicomWebOperation } from './medical-imaging/dicomweb/protocol.ts';
import type { KmsOperation } from './kms/index.ts';
import type { S3Operation } from './s3/routes.ts';
import type { Settings } from './settings.ts';
import type { SqsOperation } from './sqs/index.ts';

/** Every operation that the local AWS answers, by its name in the service model. */
export type OperationName =
  | OperationsOf<typeof MedicalImaging>
  | OperationsOf<typeof HealthLake>
  | DicomWebOperation
  | SqsOperation
  | KmsOperation
  | S3Operation;

/** The operations that start something which can fail later, such as a job. */
export type StartingOperation =
  | 'CreateDatastore'
  | 'StartDICOMImportJob'
  | 'CopyImageSet'
  | 'UpdateImageSetMetadata'
  | 'CreateFHIRDatastore'
  | 'StartFHIRImportJob'
  | 'StartFHIRExportJob';

export const ENTITY_KINDS = [
  'datastore',
  'dicomImportJob',
  'imageSet',
  'fhirDatastore',
  'fhirImportJob',
  'fhirExportJob',
] as const;

export type EntityKind = (typeof ENTITY_KINDS)[number];

export interface FailNext {
  readonly operation: OperationName;
  /** The name of the error. It need not be in the model of the service: `ExpiredTokenException`, for example, works too. */
  readonly error: string;
  readonly message?: string;
  /** HTTP status, if it is to differ from the usual one of the error. */
  readonly status?: number;
  readonly retryAfterSeconds?: number;
  readonly count?: number;
}

export interface Rival {
  /** The operation of our call, which is executed only after the rival's call. */
  readonly before: OperationName;
  /** The rival's call. Its input cannot contain timestamps, because it is sent as JSON. */
  readonly operation: OperationName;
  readonly input: object;
  /**
   * True: the rival's change has ended when our call is executed. The image set then has a newer version and is not LOCKED any
   * more.
   */
  readonly settled?: boolean;
}

/**
 * Controls the local AWS from a test, by `POST /_local/<verb>`: causes faults, changes settings and states, and reads the log of
 * calls. Faults and changed settings end with the process; everything else survives SIGKILL.
 */
export class LocalAwsControl {
  readonly endpoint: string;

  constructor(endpoint: string) {
    this.endpoint = endpoint;
  }

  /** The next calls of an operation end with an error and change nothing. */
  failNext(fault: FailNext): Promise<void> {
    return this.#post('failNext', fault);
  }

  /** What the next calls start fails later: it ends as CREATE_FAILED, FAILED, COPY_FAILED or UPDATE_FAILED, with this message. */
  failOutcome(fault: { operation: StartingOperation; message?: string; count?: number }): Promise<void> {
    return this.#post('failOutcome', fault);
  }

  /** The connection of the next calls breaks without an answer, before they have changed anything or after. */
  dropConnection(fault: { operation: OperationName; when: Moment; count?: number }): Promise<void> {
    return this.#post('dropConnection', fault);
  }

  /** The next calls take effect and are answered with status 200, but the connection breaks in the middle of the body. */
  cutReply(fault: { operation: OperationName; count?: number }): Promise<void> {
    return this.#post('cutReply', fault);
  }

  /** The next calls take effect and are answered with status 200 and a page of HTML, as by a proxy. */
  garbleReply(fault: { operation: OperationName; count?: number }): Promise<void> {
    return this.#post('garbleReply', fault);
  }

  /** The next calls take `ms` milliseconds longer. */
  delay(fault: { operation: OperationName; ms: number; count?: number }): Promise<void> {
    return this.#post('delay', fault);
  }

  /**
   * The next calls wait for {@link release}: before they have changed anything (the default), or after, when only the answer is
   * missing.
   */
  hold(fault: { operation: OperationName; when?: Moment; count?: number }): Promise<void> {
    return this.#post('hold', fault);
  }

  /**
   * The next events do not come as usual: they are lost, come `ms` milliseconds later (1000 if there is none), come twice, or
   * come after the event that follows them.
   *
   * @param fault.detailType - such as `Import Job Completed`; all events if there is none
   */
  eventFault(fault: { how: EventFault; detailType?: string; ms?: number; count?: number }): Promise<void> {
    return this.#post('eventFault', fault);
  }

  release(): Promise<void> {
    return this.#post('release', {});
  }

  /**
   * Another client, the rival, makes a call just before our next call. To let only the rival change something, add
   * {@link dropConnection} with `before`: our call then breaks without an effect.
   */
  rival(fault: Rival): Promise<void> {
    return this.#post('rival', fault);
  }

  /** Removes all faults that have not happened yet, and releases the calls that are held. */
  resetFaults(): Promise<void> {
    return this.#post('resetFaults', {});
  }

  /**
   * Changes settings, and returns all of them. What begins while its duration is `never` goes on until {@link settle} ends it.
   */
  settings(patch: Partial<Settings> = {}): Promise<Settings> {
    return this.#post('settings', patch);
  }

  /**
   * Puts an entity into a state and keeps it there. `patch` is `{status}`, or the state, workflow status and message of an image
   * set.
   */
  arrange(state: { kind: EntityKind; id: string; patch: Readonly<Record<string, string>> }): Promise<void> {
    return this.#post('arrange', state);
  }

  /** Ends at once what is under way for an entity, such as its creation, even if its duration is `never`. */
  settle(entity: { kind: EntityKind; id: string }): Promise<void> {
    return this.#post('settle', entity);
  }

  /** Does the same for all entities. An entity that {@link arrange} has put into a state stays in it. */
  settleAll(): Promise<void> {
    return this.#post('settleAll', {});
  }

  /**
   * Returns the local AWS to the state in which it started: empty, or with a new copy of the folder of `load`, without faults,
   * and with the settings of the start. Calls under way may end first, but one that takes more than a second loses its
   * connection.
   *
   * @param options.keepS3 - true: buckets, objects and multipart uploads stay as they are; false, the default: they are reset too
   */
  reset(options: { readonly keepS3?: boolean } = {}): Promise<void> {
    return this.#post('reset', options);
  }

  /**
   * Writes a copy of everything into a folder, for `load`. Other calls wait meanwhile, so that the copy is consistent. It does
   * not contain faults and changed settings.
   *
   * @param options - `folder`: does not exist yet, or is empty; relative to the working directory of the process that calls this
   */
  save({ folder }: { readonly folder: string }): Promise<void> {
    return this.#post('save', { folder: resolve(folder) });
  }

  /** Resolves if the local AWS answers. */
  async health(): Promise<{ readonly status: 'running' }> {
    const response = await fetch(`${this.endpoint}/_local/health`);
    return (await response.json()) as { status: 'running' };
  }

  /** The calls of the log, oldest first. */
  calls(filter: { operation?: OperationName } = {}): Promise<Call[]> {
    return this.#post('calls', filter);
  }

  /**
   * Waits until the log has `count` calls of an operation or, with an outcome such as `held`, as many calls with this outcome.
   */
  waitForCall(wanted: { operation: OperationName; count?: number; outcome?: string }): Promise<Call[]> {
    return this.#post('waitForCall', wanted);
  }

  /** The number of jobs, whoever started them. It proves that a retry has not started a second job. */
  jobs(): Promise<{ dicomImport: number; fhirImport: number; fhirExport: number }> {
    return this.#post('jobs', {});
  }

  async #post<T>(verb: string, body: object): Promise<T> {
    const response = await fetch(`${this.endpoint}/_local/${verb}`, {
      method: 'POST',
      body: JSON.stringify(body, blobsAsBase64),
    });
    const reply: unknown = await response.json();
    if (!response.ok) {
      throw new Error(`local AWS: ${(reply as { message: string }).message}`);
    }
    return reply as T;
  }
}

/**
 * A replacer for `JSON.stringify` that writes bytes as `{base64}`. It looks at `this[name]`, because `value` is what
 * `Buffer.toJSON` has already made of a `Buffer`.
 */
function blobsAsBase64(this: Readonly<Record<string, unknown>>, name: string, value: unknown): unknown {
  const blob = this[name];
  if (!ArrayBuffer.isView(blob)) return value;
  return { base64: Buffer.from(blob.buffer, blob.byteOffset, blob.byteLength).toString('base64') };
}
