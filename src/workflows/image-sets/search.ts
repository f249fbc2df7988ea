import type { SearchCriteria } from '@aws-sdk/client-medical-imaging';
import type { Summaries } from '../../activities/medical-imaging.ts';
import { imaging } from '../run/activities.ts';
import type { Flow } from '../run/flow.ts';
import { allPages } from '../run/pages.ts';

/** The members of a flow's input whose result lists image sets. */
export interface ListedImageSets {
  /** `full` (default): as the service lists image sets, with patient and study; `ids`: without any DICOM attribute. */
  summaries?: Summaries;
  /** Where a list goes on: the `nextToken` of the result that was cut. */
  nextToken?: string | undefined;
}

interface Search extends ListedImageSets {
  datastoreId: string;
  /** All image sets of the data store where it is absent. */
  searchCriteria?: SearchCriteria;
}

/**
 * The image sets of a data store that meet the criteria, newest first: up to 500, and where the list goes on.
 *
 * @param step - of the document, or a name that begins with `+`
 * @throws ApplicationFailure by the AWS exception's name; `ValidationException` for a `nextToken` that is not valid any more
 */
export async function searchImageSets(
  flow: Flow,
  step: string,
  { datastoreId, searchCriteria = {}, summaries = 'full', nextToken: from }: Search,
) {
  const { items, nextToken } = await allPages(
    flow,
    step,
    async (summary, token) => {
      const input = {
        datastoreId,
        searchCriteria,
        maxResults: 50,
        summaries,
        ...(token !== undefined && { nextToken: token }),
      };
      const page = await flow.read(summary, imaging.searchImageSets, input);
      return { items: page.imageSetsMetadataSummaries, nextToken: page.nextToken };
    },
    from,
  );
  return { imageSetsMetadataSummaries: items, ...(nextToken !== undefined && { nextToken }) };
}
