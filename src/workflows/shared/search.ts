import type { SearchCriteria } from '@aws-sdk/client-medical-imaging';
import { imaging } from './activities.ts';
import type { Flow } from './flow.ts';
import { allPages } from './pages.ts';

/** The image sets of a data store that meet the criteria, newest first: up to 500, and where the list goes on. */
export async function searchImageSets(
  flow: Flow,
  step: string,
  datastoreId: string,
  searchCriteria: SearchCriteria = {},
) {
  const { items, nextToken } = await allPages(step, async (summary, token) => {
    const input = {
      datastoreId,
      searchCriteria,
      maxResults: 50,
      ...(token !== undefined && { nextToken: token }),
    };
    const page = await flow.read(summary, imaging.searchImageSets, input);
    return { items: page.imageSetsMetadataSummaries, nextToken: page.nextToken };
  });
  return { imageSetsMetadataSummaries: items, ...(nextToken !== undefined && { nextToken }) };
}
