/** The runs that the kill tests and the test of limits use, one kind for each flow that changes something, and what AWS must contain after them. */
import { setTimeout as pause } from 'node:timers/promises';
import { WorkflowFailedError } from '@temporalio/client';
import type { FlowClient, FlowRun } from '../../src/client.ts';
import type { FleetName } from '../../src/input-rules/fleets.ts';
import type { FlowName } from '../../src/input-rules/flows.ts';
import { activeFhirDatastore } from '../local-aws/fhir-harness.ts';
import { p10, putFiles, type Clients } from '../local-aws/harness.ts';
import { activeDatastore, importAll } from '../local-aws/imaging-harness.ts';
import { roleArn } from '../support/inputs.ts';
import { thingsOf } from './things.ts';

type ReadingFlow = 'auditCompletedImports' | 'findImageSetByPatient' | 'inspectImageSet';

/**
 * A copy without a destination is a separate kind, because a lost reply is resolved in another way than with one. The fleets
 * have tests of their own in `test/fleet`.
 */
export type Kind = Exclude<FlowName, ReadingFlow | FleetName> | 'copyToNew';

/** The resources of one run. They have its name, so everything in AWS with that name belongs to that run. */
export interface Place {
  readonly name: string;
  /** The data store, of either service; empty if the run creates it. */
  readonly datastoreId: string;
  readonly imageSetId: string;
  readonly otherImageSetId: string;
}

/** Where runs take place: an AWS with its data folder, and a cluster that uses it. */
export interface Scene {
  readonly aws: Clients;
  readonly data: string;
  readonly flows: FlowClient;
}

/** A run whose preconditions exist. */
export interface Prepared {
  /** Identifies the run in the report of a test. */
  readonly title: string;
  readonly kind: Kind;
  readonly place: Place;
}

export interface Begun extends Prepared {
  readonly run: FlowRun<FlowName>;
}

interface KindOfRun {
  /** Creates what must exist before the run. */
  prepare(scene: Scene, name: string): Promise<Partial<Place>>;
  start(flows: FlowClient, place: Place): Promise<FlowRun<FlowName>>;
  /** The members of the result of a run that has completed correctly. */
  ends: object;
  /** All resources that AWS must contain afterwards, prepared ones included. */
  leaves: readonly string[];
}

/** Reads at growing intervals, so that waiting runs do not use the CPU time that starting runs need. */
const polling = { minimumInterval: 20, maximumInterval: 2_000, timeout: '5 minutes' } as const;

const dicom = (folder: 'one' | 'two') => ({
  dataAccessRoleArn: roleArn,
  inputS3Uri: `s3://dicom/${folder}/`,
  outputS3Uri: 's3://dicom/out/',
});
const fhirExport = {
  OutputS3Uri: 's3://fhir/out/',
  OutputKmsKeyId: 'alias/key',
  DataAccessRoleArn: roleArn,
  polling,
};
export const fhirImport = { ...fhirExport, InputS3Uri: 's3://fhir/in/' };
const fhirStore = (DatastoreName: string) => ({ DatastoreName, DatastoreTypeVersion: 'R4' }) as const;

/** The S3 objects that the imports read. */
export async function putSamples({ data }: Scene): Promise<void> {
  const first = p10({ series: '1.2.1', instance: '1.2.1.1' });
  const second = p10({ series: '1.2.2', instance: '1.2.2.1' });
  await putFiles(data, 'dicom', { 'one/1.dcm': first, 'two/1.dcm': first, 'two/2.dcm': second });
  await putFiles(data, 'fhir', { 'in/Patient.ndjson': '{"resourceType":"Patient","id":"p1"}\n' });
}

const nothing = () => Promise.resolve({});

const datastore = async ({ aws }: Scene, datastoreName: string) => ({
  datastoreId: await activeDatastore(aws, { datastoreName }),
});

const imageSets = (folder: 'one' | 'two') => async (scene: Scene, name: string) => {
  const { datastoreId } = await datastore(scene, name);
  await importAll(scene.aws, { datastoreId, ...dicom(folder) });
  const { imageSetsMetadataSummaries = [] } = await scene.aws.imaging.searchImageSets({ datastoreId });
  const [imageSetId, otherImageSetId] = imageSetsMetadataSummaries.map(({ imageSetId = '' }) => imageSetId);
  return { datastoreId, ...(imageSetId && { imageSetId }), ...(otherImageSetId && { otherImageSetId }) };
};

const fhirDatastore = async ({ aws }: Scene, DatastoreName: string) => ({
  datastoreId: await activeFhirDatastore(aws, { DatastoreName }),
});

const RUNS: Readonly<Record<Kind, KindOfRun>> = {
  onboardDatastoreAndImport: {
    prepare: nothing,
    start: (flows, { name }) =>
      flows.start('onboardDatastoreAndImport', { datastoreName: name, ...dicom('one'), polling }),
    ends: { outcome: 'complete' },
    leaves: ['datastore ACTIVE', 'dicomImportJob COMPLETED', 'imageSet version 1'],
  },
  copyImageSet: {
    prepare: imageSets('two'),
    start: (flows, { datastoreId, imageSetId, otherImageSetId }) =>
      flows.start('copyImageSet', {
        datastoreId,
        sourceImageSetId: imageSetId,
        destinationImageSetId: otherImageSetId,
        force: true,
        polling,
      }),
    ends: { imageSetWorkflowStatus: 'COPIED' },
    leaves: ['datastore ACTIVE', 'dicomImportJob COMPLETED', 'imageSet version 1', 'imageSet version 2'],
  },
  copyToNew: {
    prepare: imageSets('one'),
    start: (flows, { datastoreId, imageSetId }) =>
      flows.start('copyImageSet', { datastoreId, sourceImageSetId: imageSetId, polling }),
    ends: { imageSetWorkflowStatus: 'COPIED' },
    leaves: ['datastore ACTIVE', 'dicomImportJob COMPLETED', 'imageSet version 1', 'imageSet version 1'],
  },
  updateImageSetMetadata: {
    prepare: imageSets('one'),
    start: (flows, { datastoreId, imageSetId }) =>
      flows.start('updateImageSetMetadata', {
        datastoreId,
        imageSetId,
        updatableAttributes: { SchemaVersion: 1.1, Patient: { DICOM: { PatientName: 'A^B' } } },
        polling,
      }),
    ends: { latestVersionId: '2', imageSetState: 'ACTIVE' },
    leaves: ['datastore ACTIVE', 'dicomImportJob COMPLETED', 'imageSet version 2'],
  },
  tagImageSet: {
    prepare: imageSets('one'),
    start: (flows, { datastoreId, imageSetId }) =>
      flows.start('tagImageSet', { datastoreId, imageSetId, tags: { ward: 'b' }, polling }),
    ends: { tags: { ward: 'b' } },
    leaves: ['datastore ACTIVE', 'dicomImportJob COMPLETED', 'imageSet version 1 ward=b'],
  },
  provisionDatastore: {
    prepare: nothing,
    start: (flows, { name }) => flows.start('provisionDatastore', { datastoreName: name, polling }),
    ends: { datastoreStatus: 'ACTIVE' },
    leaves: ['datastore ACTIVE'],
  },
  importDicomAndSearch: {
    prepare: datastore,
    start: (flows, { datastoreId }) =>
      flows.start('importDicomAndSearch', { datastoreId, ...dicom('one'), polling }),
    ends: { outcome: 'complete' },
    leaves: ['datastore ACTIVE', 'dicomImportJob COMPLETED', 'imageSet version 1'],
  },
  createFhirDatastoreAndWaitActive: {
    prepare: nothing,
    start: (flows, { name }) =>
      flows.start('createFhirDatastoreAndWaitActive', { ...fhirStore(name), polling }),
    ends: { datastoreStatus: 'ACTIVE' },
    leaves: ['fhirDatastore ACTIVE'],
  },
  deleteFhirDatastoreAndConfirm: {
    prepare: fhirDatastore,
    start: (flows, { datastoreId }) =>
      flows.start('deleteFhirDatastoreAndConfirm', { DatastoreId: datastoreId, polling }),
    ends: { datastoreStatus: 'DELETED' },
    leaves: ['fhirDatastore DELETED'],
  },
  provisionDatastoreAndExport: {
    prepare: nothing,
    start: (flows, { name }) =>
      flows.start('provisionDatastoreAndExport', { ...fhirStore(name), ...fhirExport }),
    ends: { jobStatus: 'COMPLETED' },
    leaves: ['fhirDatastore ACTIVE', 'fhirExportJob COMPLETED'],
  },
  provisionDatastoreAndImport: {
    prepare: nothing,
    start: (flows, { name }) =>
      flows.start('provisionDatastoreAndImport', { ...fhirStore(name), ...fhirImport }),
    ends: { outcome: 'complete' },
    leaves: ['fhirDatastore ACTIVE', 'fhirImportJob COMPLETED'],
  },
  startExportPollAndList: {
    prepare: fhirDatastore,
    start: (flows, { datastoreId }) =>
      flows.start('startExportPollAndList', { DatastoreId: datastoreId, ...fhirExport }),
    ends: { jobStatus: 'COMPLETED' },
    leaves: ['fhirDatastore ACTIVE', 'fhirExportJob COMPLETED'],
  },
  startImportPollAndList: {
    prepare: fhirDatastore,
    start: (flows, { datastoreId }) =>
      flows.start('startImportPollAndList', { DatastoreId: datastoreId, ...fhirImport }),
    ends: { outcome: 'complete' },
    leaves: ['fhirDatastore ACTIVE', 'fhirImportJob COMPLETED'],
  },
  startImportAndWaitCompleted: {
    prepare: fhirDatastore,
    start: (flows, { datastoreId }) =>
      flows.start('startImportAndWaitCompleted', { DatastoreId: datastoreId, ...fhirImport }),
    ends: { outcome: 'complete' },
    leaves: ['fhirDatastore ACTIVE', 'fhirImportJob COMPLETED'],
  },
};

const isKind = (name: string): name is Kind => Object.hasOwn(RUNS, name);

export const KINDS: readonly Kind[] = Object.keys(RUNS).filter(isKind);

let made = 0;

/** Creates the resources of a run, and what must exist before it. */
export async function prepare(scene: Scene, kind: Kind): Promise<Prepared> {
  const name = `place-${++made}`;
  const there = await RUNS[kind].prepare(scene, name);
  return {
    title: kind,
    kind,
    place: { name, datastoreId: '', imageSetId: '', otherImageSetId: '', ...there },
  };
}

export async function begin<P extends Prepared>({ flows }: Scene, prepared: P): Promise<P & Begun> {
  return { ...prepared, run: await RUNS[prepared.kind].start(flows, prepared.place) };
}

/** If a run does not close in time, it never will: the report of the test then contains its progress. */
const LONGEST_MS = 100_000;

async function endOf({ flows }: Scene, run: FlowRun<FlowName>): Promise<unknown> {
  const ended = run
    .result()
    .catch((error: unknown) => (error instanceof WorkflowFailedError ? error.cause : error));
  const late = pause(LONGEST_MS, undefined, { ref: false });
  return Promise.race([ended, late.then(async () => ({ stillAt: await flows.whereabouts(run.workflowId) }))]);
}

/** Checks that every run completes, and that AWS contains each resource it creates exactly once. */
export async function expectAllWell(scene: Scene, runs: readonly Begun[]): Promise<void> {
  const seen = await Promise.all(
    runs.map(async ({ title, place, run }) => ({
      title,
      ended: await endOf(scene, run),
      left: await thingsOf(scene.aws, place.name),
    })),
  );
  const wanted = runs.map(({ title, kind }) => {
    const { ends, leaves } = RUNS[kind];
    return { title, ended: expect.objectContaining(ends), left: leaves };
  });
  expect(seen).toEqual(wanted);
}
