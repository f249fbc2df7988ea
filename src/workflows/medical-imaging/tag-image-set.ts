import type { Polling } from '../../pacing/polling.ts';
import { imaging } from '../run/activities.ts';
import { runFlow } from '../run/flow.ts';
import { nothing, once } from '../run/once.ts';
import { waitFor } from '../run/waiting.ts';

export interface TagImageSetInput {
  datastoreId: string;
  imageSetId: string;
  tags: Record<string, string>;
  polling?: Polling;
}

export interface TagImageSetResult {
  imageSetArn: string;
  /** All tags of the image set, including those that it had before. */
  tags: Record<string, string>;
}

/**
 * Tags an image set and confirms that reads show the tags.
 *
 * @throws ApplicationFailure `ConfirmationMissing` if reads do not show a tag, `ValidationFailed`, or by the AWS exception's
 *   name
 * @see arazzo/tag-image-set.yaml
 */
export async function tagImageSet(input: TagImageSetInput): Promise<TagImageSetResult> {
  return runFlow('tagImageSet', input, async (flow) => {
    const { datastoreId, imageSetId, polling } = input;
    const { timeout } = flow.pacing('imageSet', polling);
    flow.know({ datastoreId, imageSetId });
    const imageSet = await flow.read('getImageSet', imaging.getImageSet, { datastoreId, imageSetId });
    const imageSetArn = imageSet.imageSetArn ?? '';

    const request = { resourceArn: imageSetArn, tags: input.tags };
    await once(flow, {
      step: 'tagResource',
      kind: 'imageSet',
      polling,
      guard: 'harmless',
      prepare: nothing,
      send: (_, budget) => flow.change('tagResource', imaging.tagImagingResource, request, budget),
    });

    const missing = (shown: Record<string, string> = {}) =>
      Object.entries(input.tags).filter(([key, value]) => shown[key] !== value).length;
    const { read } = await waitFor(flow, {
      step: 'listTags',
      kind: 'imageSet',
      polling,
      read: (summary, budget) =>
        flow.read(summary, imaging.listTagsForImagingResource, { resourceArn: imageSetArn }, budget),
      classify: ({ tags }, waited) => {
        if (missing(tags) === 0) return { kind: 'settled' };
        const why = `${missing(tags)} of the tags do not show`;
        return waited < Math.min(flow.facts.staleReads, timeout)
          ? { kind: 'going' }
          : { kind: 'failed', type: 'ConfirmationMissing', why };
      },
      status: ({ tags }) => (missing(tags) === 0 ? 'tagged' : 'not tagged yet'),
    });
    return { imageSetArn, tags: read.tags ?? {} };
  });
}
