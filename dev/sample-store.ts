/** Finds the samples in a local HealthImaging data store, or imports them. */
import { type MedicalImagingClient, paginateListDatastores } from '@aws-sdk/client-medical-imaging';
import type { FlowClient } from '../src/client.ts';
import { UserError } from '../src/lib/user-error.ts';
import { copyPair, type CopyPair, onboardInput } from './sample-jobs.ts';
import { type Samples, writeSamples } from './samples/index.ts';

export interface SampleStore {
  readonly datastoreId: string;
  readonly pair: CopyPair;
}

/**
 * A data store with two image sets that have not been copied into each other, so that the printed command works at each
 * start. The same copy fails the second time; then the next samples are imported, into another data store.
 */
export async function samplesToCopy(
  flows: FlowClient,
  imaging: MedicalImagingClient,
  s3Folder: string,
): Promise<SampleStore> {
  for (let number = 1; ; number += 1) {
    const name = `samples-${number}`;
    const samples = writeSamples({ s3Folder, bucket: name, seed: name });
    const store =
      (await findSamples(imaging, name, samples)) ?? (await importSamples(flows, imaging, name, samples));
    if (isUncopied(store.pair, samples)) return store;
  }
}

async function findSamples(
  imaging: MedicalImagingClient,
  name: string,
  samples: Samples,
): Promise<SampleStore | undefined> {
  for await (const page of paginateListDatastores({ client: imaging }, { datastoreStatus: 'ACTIVE' })) {
    for (const { datastoreName, datastoreId = '' } of page.datastoreSummaries ?? []) {
      const pair = datastoreName === name ? await copyPair(imaging, datastoreId, samples) : undefined;
      if (pair !== undefined) return { datastoreId, pair };
    }
  }
  return undefined;
}

/** If an earlier start was interrupted, this joins its run, which has continued as soon as there was a worker again. */
async function importSamples(
  flows: FlowClient,
  imaging: MedicalImagingClient,
  name: string,
  samples: Samples,
): Promise<SampleStore> {
  const { datastoreId } = await flows.execute('onboardDatastoreAndImport', onboardInput(samples, name));
  const pair = await copyPair(imaging, datastoreId, samples);
  if (pair === undefined) throw new UserError(`Data store ${datastoreId} has no image sets of the samples.`);
  return { datastoreId, pair };
}

const isUncopied = ({ destination }: CopyPair, { studies: [{ series }] }: Samples): boolean =>
  destination.instances === Math.max(...series.map(({ instances }) => instances.length));
