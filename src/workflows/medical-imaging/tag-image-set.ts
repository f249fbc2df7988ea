import { sleep } from '@temporalio/workflow';
import { pacingOf, type Polling } from '../../polling.ts';
import { nextSleep } from '../../pacing.ts';
import { imaging } from '../shared/activities.ts';
import { flowFailure } from '../shared/failures.ts';
import { runFlow } from '../shared/flow.ts';

export interface TagImageSetInput {
  datastoreId: string;
  imageSetId: string;
  tags: Record<string, string>;
  polling?: Polling;
}

export interface TagImageSetResult {
  imageSetArn: string;
  /** All tags of the image set: those it had before stay. */
  tags: Record<string, string>;
}

/** Tags that do not show by then have not been set. */
const SHOWN_WITHIN = 60_000;

/**
 * Tags an image set and confirms that the tags are there.
 *
 * @throws ApplicationFailure `ConfirmationMissing` where a tag does not show, `ValidationFailed`, or by the AWS
 *   exception's name
 * @see arazzo/tag-image-set.yaml
 */
export async function tagImageSet(input: TagImageSetInput): Promise<TagImageSetResult> {
  return runFlow('tagImageSet', input, async (flow) => {
    const { datastoreId, imageSetId, polling } = input;
    const pacing = pacingOf('imageSet', polling);
    flow.know({ datastoreId, imageSetId });
    const imageSet = await flow.read(
      'getImageSet',
      imaging.getImageSet,
      { datastoreId, imageSetId },
      pacing.timeout,
    );
    const imageSetArn = imageSet.imageSetArn ?? '';

    const request = { resourceArn: imageSetArn, tags: input.tags };
    await flow.change('tagResource', imaging.tagImagingResource, request, { budget: pacing.timeout });

    const since = Date.now();
    for (;;) {
      const list = imaging.listTagsForImagingResource;
      const { tags = {} } = await flow.read('listTags', list, { resourceArn: imageSetArn }, pacing.timeout);
      const missing = Object.entries(input.tags).filter(([key, value]) => tags[key] !== value);
      if (missing.length === 0) return { imageSetArn, tags };
      const waited = Date.now() - since;
      if (waited >= Math.min(SHOWN_WITHIN, pacing.timeout)) {
        throw flowFailure('ConfirmationMissing', `${missing.length} of the tags do not show`, {
          result: { imageSetArn, tags },
        });
      }
      await sleep(nextSleep(waited, pacing), { summary: 'wait before listTags' });
    }
  });
}
