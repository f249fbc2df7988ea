import type * as HealthLake from '@aws-sdk/client-healthlake';
import type { Handlers } from '../protocols/operations.ts';
import { parseS3Uri } from '../s3/places.ts';
import type { World } from '../world.ts';
import { propertiesOf, type FhirJob } from './fhir-job.ts';
import { FhirJobs } from './fhir-jobs.ts';
import { resourcesOf } from './resources.ts';

export function exportJobs(world: World): FhirJobs<FhirJob> {
  const jobs: FhirJobs<FhirJob> = new FhirJobs(world, 'Export', {
    begin: () => Promise.resolve({}),
    finish: () => Promise.resolve({ changes: {}, apply: () => {} }),
    endsAs: () => 'COMPLETED',
    writeOutputs: (job) => writeExport(world, job, jobs.outputOf(job)),
  });
  return jobs;
}

export function exportJobHandlers(jobs: FhirJobs<FhirJob>) {
  const shown = (job: FhirJob) => ({
    ...propertiesOf(job),
    OutputDataConfig: { S3Configuration: { S3Uri: jobs.outputOf(job), KmsKeyId: job.kmsKeyId } },
  });

  return {
    StartFHIRExportJob(input) {
      return jobs.start(input, input.OutputDataConfig, (job) => job);
    },

    DescribeFHIRExportJob({ DatastoreId, JobId }) {
      return { ExportJobProperties: shown(jobs.require(DatastoreId, JobId)) };
    },

    ListFHIRExportJobs(input) {
      const { items, nextToken } = jobs.list(input);
      return { ExportJobPropertiesList: items.map(shown), NextToken: nextToken };
    },
  } satisfies Partial<Handlers<typeof HealthLake>>;
}

/** One ndjson file per resource type, and no manifest: HealthLake writes none for exports. */
async function writeExport(world: World, { datastoreId }: FhirJob, output: string): Promise<void> {
  const { bucket, key } = parseS3Uri(output);
  const files = new Map<string, string>();
  for (const { resourceType, json } of resourcesOf(world, datastoreId)) {
    files.set(resourceType, `${files.get(resourceType) ?? ''}${json}\n`);
  }
  for (const [type, ndjson] of files) {
    await world.buckets.write({ bucket, key: `${key}${type}/${type}-1-1-1.ndjson` }, ndjson);
  }
}
