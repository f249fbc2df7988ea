import type { SearchCriteria } from '@aws-sdk/client-medical-imaging';
import type { Summaries } from '../../activities/medical-imaging.ts';
import { imaging } from '../run/activities.ts';
import type { Flow } from '../run/flow.ts';
import { allPages } from '../run/pages.ts';

/** The input members of every flow whose result lists image sets. */
export interface ListedImageSets {
  /** `full` (default): all that the service returns, including patient and study; `ids`: no DICOM attributes. */
  summaries?: Summaries;
  /** Where a list goes on: the `nextToken` of the result that was cut. */
  nextToken?: string | undefined;
}

/**
 * The image sets of a data store that meet the criteria (by default all), newest first: up to 500, and the token of the next
 * page if there are more.
 */
export async function searchImageSets(
  flow: Flow,
  step: string,
  {
    datastoreId,
    searchCriteria = {},
    summaries = 'full',
    nextToken: from,
  }: ListedImageSets & { datastoreId: string; searchCriteria?: SearchCriteria },
) {
  const search = { datastoreId, searchCriteria, maxResults: 50, summaries };
  const read = async (summary: string, nextToken: string | undefined) => {
    const input = { ...search, ...(nextToken !== undefined && { nextToken }) };
    const page = await flow.read(summary, imaging.searchImageSets, input);
    return { items: page.imageSetsMetadataSummaries, nextToken: page.nextToken };
  };
  const { items: imageSetsMetadataSummaries, ...more } = await allPages(flow, step, read, from);
  return { imageSetsMetadataSummaries, ...more };
}
