import * as HealthLake from '@aws-sdk/client-healthlake';
import { AwsJson } from '../protocols/aws-json.ts';
import type { Service } from '../protocols/http.ts';
import { runOperation, type Handlers } from '../protocols/operations.ts';
import type { World } from '../world.ts';
import { datastoreHandlers } from './datastores.ts';
import { exportJobHandlers, exportJobs } from './export-jobs.ts';
import { importJobHandlers, importJobs } from './import-jobs.ts';
import { fhirRest } from './rest/index.ts';
import { deleteResources } from './resources.ts';
import { tagHandlers } from './tags.ts';

/** AWS HealthLake. */
export function healthLake(world: World): Service {
  const imports = importJobs(world);
  const exports = exportJobs(world);
  const onDelete = (datastoreId: string) => {
    imports.abandon(datastoreId);
    exports.abandon(datastoreId);
    deleteResources(world, datastoreId);
  };
  const handlers = {
    ...datastoreHandlers(world, onDelete),
    ...importJobHandlers(world, imports),
    ...exportJobHandlers(exports),
    ...tagHandlers(world),
  } satisfies Handlers<typeof HealthLake>;
  const client = new HealthLake.HealthLakeClient({ region: world.settings.region });
  return {
    name: 'healthlake',
    isThrottled: true,
    protocol: new AwsJson(HealthLake, client, {
      target: 'HealthLake',
      claimsOthers: true,
      namespace: 'com.amazonaws.healthlake',
      messageMember: 'Message',
      errorStatus: () => world.settings.fhirErrorStatus,
    }),
    resume() {
      imports.resume();
      exports.resume();
    },
    answerBeside: (request) => fhirRest(world, request),
    run: (operation, input) => runOperation('healthlake', handlers, operation, input),
  };
}
