/** The resources in AWS with a name: a data store of either service and its contents, each with its kind and state. */
import { paginateListDatastores } from '@aws-sdk/client-medical-imaging';
import type { Clients } from '../local-aws/harness.ts';

export async function thingsOf(aws: Clients, name: string): Promise<string[]> {
  return [...(await imagingThings(aws, name)), ...(await fhirThings(aws, name))].toSorted();
}

async function imagingThings({ imaging }: Clients, name: string): Promise<string[]> {
  const things: string[] = [];
  for await (const { datastoreSummaries = [] } of paginateListDatastores({ client: imaging }, {})) {
    for (const { datastoreName, datastoreId = '', datastoreStatus } of datastoreSummaries) {
      if (datastoreName !== name) continue;
      things.push(`datastore ${datastoreStatus}`);
      things.push(...(await dicomImports(imaging, datastoreId)), ...(await imageSets(imaging, datastoreId)));
    }
  }
  return things;
}

async function dicomImports(imaging: Clients['imaging'], datastoreId: string): Promise<string[]> {
  const { jobSummaries = [] } = await imaging.listDICOMImportJobs({ datastoreId });
  return jobSummaries.map(({ jobStatus }) => `dicomImportJob ${jobStatus}`);
}

async function imageSets(imaging: Clients['imaging'], datastoreId: string): Promise<string[]> {
  const { imageSetsMetadataSummaries = [] } = await imaging.searchImageSets({ datastoreId });
  return Promise.all(
    imageSetsMetadataSummaries.map(async ({ imageSetId }) => {
      const { versionId, imageSetArn } = await imaging.getImageSet({ datastoreId, imageSetId });
      const { tags = {} } = await imaging.listTagsForResource({ resourceArn: imageSetArn });
      const words = ['imageSet version', versionId, ...Object.entries(tags).map((tag) => tag.join('='))];
      return words.join(' ');
    }),
  );
}

async function fhirThings({ healthlake }: Clients, DatastoreName: string): Promise<string[]> {
  const { DatastorePropertiesList = [] } = await healthlake.listFHIRDatastores({ Filter: { DatastoreName } });
  const things = DatastorePropertiesList.map(async ({ DatastoreId, DatastoreStatus }) => {
    const { ImportJobPropertiesList = [] } = await healthlake.listFHIRImportJobs({ DatastoreId });
    const { ExportJobPropertiesList = [] } = await healthlake.listFHIRExportJobs({ DatastoreId });
    return [
      `fhirDatastore ${DatastoreStatus}`,
      ...ImportJobPropertiesList.map(({ JobStatus }) => `fhirImportJob ${JobStatus}`),
      ...ExportJobPropertiesList.map(({ JobStatus }) => `fhirExportJob ${JobStatus}`),
    ];
  });
  return (await Promise.all(things)).flat();
}
