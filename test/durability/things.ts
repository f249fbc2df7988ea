/** What AWS has by a name: a data store of either service, and all that is in it. */
import type { ImportJobProperties } from '@aws-sdk/client-healthlake';
import { paginateListDatastores } from '@aws-sdk/client-medical-imaging';
import type { EntityKind } from '../../local-aws/control.ts';
import type { Clients } from '../local-aws/harness.ts';
import type { Platform } from './platform.ts';

export interface Thing {
  readonly kind: EntityKind;
  readonly id: string;
  readonly state: string;
}

export async function thingsOf({ aws }: Platform, name: string): Promise<Thing[]> {
  return [...(await imagingThings(aws, name)), ...(await fhirThings(aws, name))];
}

async function imagingThings({ imaging }: Clients, name: string): Promise<Thing[]> {
  const things: Thing[] = [];
  for await (const { datastoreSummaries = [] } of paginateListDatastores({ client: imaging }, {})) {
    for (const { datastoreName, datastoreId: id = '', datastoreStatus: state = '' } of datastoreSummaries) {
      if (datastoreName !== name) continue;
      things.push({ kind: 'datastore', id, state });
      // HealthImaging shows nothing of what is in a data store that is not active, and there is nothing yet.
      if (state === 'ACTIVE')
        things.push(...(await dicomImports(imaging, id)), ...(await imageSets(imaging, id)));
    }
  }
  return things;
}

async function dicomImports(imaging: Clients['imaging'], datastoreId: string): Promise<Thing[]> {
  const { jobSummaries = [] } = await imaging.listDICOMImportJobs({ datastoreId });
  return jobSummaries.map(({ jobId: id = '', jobStatus: state = '' }) => ({
    kind: 'dicomImportJob',
    id,
    state,
  }));
}

async function imageSets(imaging: Clients['imaging'], datastoreId: string): Promise<Thing[]> {
  const { imageSetsMetadataSummaries = [] } = await imaging.searchImageSets({ datastoreId });
  return Promise.all(
    imageSetsMetadataSummaries.map(async ({ imageSetId: id = '' }) => {
      const { versionId, imageSetArn: resourceArn } = await imaging.getImageSet({
        datastoreId,
        imageSetId: id,
      });
      const { tags = {} } = await imaging.listTagsForResource({ resourceArn });
      const words = ['version', versionId, ...Object.entries(tags).map((tag) => tag.join('='))];
      return { kind: 'imageSet' as const, id, state: words.join(' ') };
    }),
  );
}

async function fhirThings({ healthlake }: Clients, DatastoreName: string): Promise<Thing[]> {
  const { DatastorePropertiesList = [] } = await healthlake.listFHIRDatastores({ Filter: { DatastoreName } });
  const things = DatastorePropertiesList.map(
    async ({ DatastoreId, DatastoreStatus: state = '' }): Promise<Thing[]> => {
      const imports = await healthlake.listFHIRImportJobs({ DatastoreId });
      const exports = await healthlake.listFHIRExportJobs({ DatastoreId });
      const jobs = (
        kind: EntityKind,
        list: readonly Pick<ImportJobProperties, 'JobId' | 'JobStatus'>[] = [],
      ) => list.map(({ JobId: id = '', JobStatus: state = '' }) => ({ kind, id, state }));
      return [
        { kind: 'fhirDatastore', id: DatastoreId ?? '', state },
        ...jobs('fhirImportJob', imports.ImportJobPropertiesList),
        ...jobs('fhirExportJob', exports.ExportJobPropertiesList),
      ];
    },
  );
  return (await Promise.all(things)).flat();
}
