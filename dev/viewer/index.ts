/** The OHIF viewer for the images in the local AWS: `npm run dev -- --viewer`. */
import { type MedicalImagingClient, paginateListDatastores } from '@aws-sdk/client-medical-imaging';
import { freePort } from '../ports.ts';
import type { Say } from '../say.ts';
import { viewerConfiguration, type ViewedStore } from './configuration.ts';
import { serveViewer, type ViewerServer } from './server.ts';

export interface Viewer extends ViewerServer {
  /** A link to each study: first those of the newest data store, and in a data store the most recently changed study first. */
  readonly links: () => Promise<string[]>;
}

/** @param files - the folder of the viewer's files, as `bringViewer` returns it */
export async function startViewer(
  files: string,
  { awsUrl, imaging, say }: { awsUrl: string; imaging: MedicalImagingClient; say: Say },
): Promise<Viewer> {
  const port = await freePort(3000, 'the viewer', say);
  const server = await serveViewer(files, port, async () =>
    viewerConfiguration(awsUrl, await activeStores(imaging)),
  );
  return {
    ...server,
    async links() {
      const stores = await activeStores(imaging);
      const links = stores.map(async ({ datastoreId }) => {
        const studies = await studiesOf(awsUrl, datastoreId);
        return studies.map((uid) => `${server.url}/viewer/${datastoreId}?StudyInstanceUIDs=${uid}`);
      });
      return (await Promise.all(links)).flat();
    },
  };
}

async function activeStores(client: MedicalImagingClient): Promise<ViewedStore[]> {
  const stores: ViewedStore[] = [];
  for await (const page of paginateListDatastores({ client }, { datastoreStatus: 'ACTIVE' })) {
    for (const { datastoreId = '', datastoreName = datastoreId } of page.datastoreSummaries ?? []) {
      stores.push({ datastoreId, name: datastoreName });
    }
  }
  return stores;
}

const STUDY_INSTANCE_UID = '0020000D';

/** Study Instance UIDs, the most recently changed study first. */
async function studiesOf(awsUrl: string, datastoreId: string): Promise<string[]> {
  const reply = await fetch(`${awsUrl}/datastore/${datastoreId}/studies`);
  const studies = (await reply.json()) as Record<string, { Value?: string[] }>[];
  return studies.flatMap((study) => study[STUDY_INSTANCE_UID]?.Value ?? []);
}
