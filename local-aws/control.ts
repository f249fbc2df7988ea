import { resolve } from 'node:path';
import type * as HealthLake from '@aws-sdk/client-healthlake';
import type * as MedicalImaging from '@aws-sdk/client-medical-imaging';
import type { OperationsOf } from './protocols/operations.ts';
import type { Call } from './calls.ts';
import type { Moment } from './faults.ts';
import type { DicomWebOperation } from './medical-imaging/dicomweb/protocol.ts';
import type { S3Operation } from './s3/routes.ts';
import type { Settings } from './settings.ts';

/** Every operation that the local AWS answers, by its name in the service model. */
export type OperationName =
  | OperationsOf<typeof MedicalImaging>
  | OperationsOf<typeof HealthLake>
  | DicomWebOperation
  | S3Operation;

/** The operations that start something which can end badly later. */
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
  /** The error's name; ones that no model lists, such as `ExpiredTokenException`, work too. */
  readonly error: string;
  readonly message?: string;
  /** HTTP status, where the usual one of the error is not wanted. */
  readonly status?: number;
  readonly retryAfterSeconds?: number;
  readonly count?: number;
}

export interface Rival {
  /** The call of ours that the rival gets ahead of. */
  readonly before: OperationName;
  /** What the rival calls, with which input (timestamps excepted). */
  readonly operation: OperationName;
  readonly input: object;
  /** The rival's change is over when our call comes: not LOCKED any more, but a newer version. */
  readonly settled?: boolean;
}

/**
 * Drives the local AWS from outside, by `POST /_local/<verb>`: faults, settings, states and the account of what it has
 * seen. Faults and changed settings end with the process; everything else survives SIGKILL.
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

  /** What the next calls start ends badly: CREATE_FAILED, FAILED, COPY_FAILED, UPDATE_FAILED, with that message. */
  failOutcome(fault: { operation: StartingOperation; message?: string; count?: number }): Promise<void> {
    return this.#post('failOutcome', fault);
  }

  /** The connection of the next calls breaks, before they change anything or when they have. */
  dropConnection(fault: { operation: OperationName; when: Moment; count?: number }): Promise<void> {
    return this.#post('dropConnection', fault);
  }

  /** The next calls take effect and are answered with status 200, but the connection breaks amid the body. */
  cutReply(fault: { operation: OperationName; count?: number }): Promise<void> {
    return this.#post('cutReply', fault);
  }

  /** The next calls take effect and are answered with status 200 and a page of HTML, as by a proxy. */
  garbleReply(fault: { operation: OperationName; count?: number }): Promise<void> {
    return this.#post('garbleReply', fault);
  }

  /** The next calls take that much longer. */
  delay(fault: { operation: OperationName; ms: number; count?: number }): Promise<void> {
    return this.#post('delay', fault);
  }

  /** The next calls get no answer until {@link release}, before they change anything (the default) or after. */
  hold(fault: { operation: OperationName; when?: Moment; count?: number }): Promise<void> {
    return this.#post('hold', fault);
  }

  release(): Promise<void> {
    return this.#post('release', {});
  }

  /** Another writer gets ahead of our next call. Add {@link dropConnection} `before` for one that replaces it. */
  rival(fault: Rival): Promise<void> {
    return this.#post('rival', fault);
  }

  /** Forgets all faults that have not happened and releases what is held. */
  resetFaults(): Promise<void> {
    return this.#post('resetFaults', {});
  }

  /** Changes settings and gives all of them; a duration of `never` holds whatever is begun from now on. */
  settings(patch: Partial<Settings> = {}): Promise<Settings> {
    return this.#post('settings', patch);
  }

  /** Puts an entity into a state, which it keeps: `{status}`, or an image set's state, workflow status, message. */
  arrange(state: { kind: EntityKind; id: string; patch: Readonly<Record<string, string>> }): Promise<void> {
    return this.#post('arrange', state);
  }

  /** Ends at once what is going on with an entity, even if it would never have ended. */
  settle(entity: { kind: EntityKind; id: string }): Promise<void> {
    return this.#post('settle', entity);
  }

  /** Ends at once whatever is going on. An entity that was arranged stays as it is. */
  settleAll(): Promise<void> {
    return this.#post('settleAll', {});
  }

  /**
   * Makes the local AWS what it was when it started with an empty data folder, or with the folder of `load`: nothing is in
   * it, no faults are waiting, and the settings are those of the start. A call that is under way ends first, or if it takes
   * more than a second loses its connection.
   *
   * @param options.keepS3 - leaves buckets and objects as they are
   */
  reset(options: { readonly keepS3?: boolean } = {}): Promise<void> {
    return this.#post('reset', options);
  }

  /**
   * Writes a copy of everything into a folder, for `load`. Other calls wait for it, so that the copy shows one moment.
   * Faults and changed settings are no part of it.
   *
   * @param options.folder - is not there yet, or empty; relative to the folder of the process that calls this
   */
  save({ folder }: { readonly folder: string }): Promise<void> {
    return this.#post('save', { folder: resolve(folder) });
  }

  /** Resolves if the local AWS answers. */
  async health(): Promise<{ readonly status: 'running' }> {
    const response = await fetch(`${this.endpoint}/_local/health`);
    return (await response.json()) as { status: 'running' };
  }

  /** The calls seen so far, oldest first. */
  calls(filter: { operation?: OperationName } = {}): Promise<Call[]> {
    return this.#post('calls', filter);
  }

  /** Waits until so many calls of an operation have come, or have come to an outcome such as `held`. */
  waitForCall(wanted: { operation: OperationName; count?: number; outcome?: string }): Promise<Call[]> {
    return this.#post('waitForCall', wanted);
  }

  /** How many jobs there are, whoever started them: the proof that a retry started no second one. */
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

/** For `JSON.stringify`, which shows a `Buffer` only what its own `toJSON` has made of it. */
function blobsAsBase64(this: Readonly<Record<string, unknown>>, name: string, value: unknown): unknown {
  const blob = this[name];
  if (!ArrayBuffer.isView(blob)) return value;
  return { base64: Buffer.from(blob.buffer, blob.byteOffset, blob.byteLength).toString('base64') };
}
