import * as HealthLake from '@aws-sdk/client-healthlake';
import { AwsJson } from '../protocols/aws-json.ts';
import type { Service } from '../protocols/http.ts';
import { notYet, runOperation, type Handlers } from '../protocols/operations.ts';
import type { World } from '../world.ts';
import { datastoreHandlers } from './datastores.ts';
import { importJobHandlers, importJobRunner, startQueued } from './import-jobs.ts';

/** AWS HealthLake. */
export function healthLake(world: World): Service {
  const jobs = importJobRunner(world);
  const handlers = {
    ...datastoreHandlers(world),
    ...importJobHandlers(world, jobs),
    StartFHIRExportJob: notYet,
    DescribeFHIRExportJob: notYet,
    ListFHIRExportJobs: notYet,
    TagResource: notYet,
    UntagResource: notYet,
    ListTagsForResource: notYet,
  } satisfies Handlers<typeof HealthLake>;
  const client = new HealthLake.HealthLakeClient({ region: world.settings.region });
  return {
    name: 'healthlake',
    protocol: new AwsJson(HealthLake, client, 'HealthLake', () => world.settings.fhirErrorStatus),
    resume() {
      jobs.resume();
      startQueued(world, jobs);
    },
    run: (operation, input) => runOperation('healthlake', handlers, operation, input),
  };
}
