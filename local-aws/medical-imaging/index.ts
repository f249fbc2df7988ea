import * as MedicalImaging from '@aws-sdk/client-medical-imaging';
import type { Service } from '../protocols/http.ts';
import { runOperation, type Handlers } from '../protocols/operations.ts';
import { RestJson } from '../protocols/rest-json.ts';
import type { World } from '../world.ts';
import { copyHandlers } from './copy.ts';
import { datastoreHandlers } from './datastores.ts';
import { importJobHandlers, importJobRunner } from './import-jobs.ts';
import { imageSetHandlers } from './image-sets.ts';
import { searchHandlers } from './search.ts';
import { tagHandlers } from './tags.ts';
import { updateHandlers } from './update.ts';

/** AWS HealthImaging. */
export function medicalImaging(world: World): Service {
  const jobs = importJobRunner(world);
  const handlers = {
    ...datastoreHandlers(world),
    ...importJobHandlers(world, jobs),
    ...imageSetHandlers(world),
    ...copyHandlers(world),
    ...searchHandlers(world),
    ...updateHandlers(world),
    ...tagHandlers(world),
  } satisfies Handlers<typeof MedicalImaging>;
  const client = new MedicalImaging.MedicalImagingClient({ region: world.settings.region });
  return {
    name: 'medical-imaging',
    isThrottled: true,
    protocol: new RestJson(MedicalImaging, client),
    resume: () => jobs.resume(),
    run: (operation, input) => runOperation('medical-imaging', handlers, operation, input),
  };
}
