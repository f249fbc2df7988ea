import {
  imaging,
  pacingOf,
  readUnlocked,
  runFlow,
  waitFor,
  type Polling,
} from 'aws-health-workflows/workflow';

export interface DeleteImageSetInput {
  datastoreId: string;
  imageSetId: string;
  polling?: Polling;
}

/** A flow of one's own: deletes an image set once nobody is changing it, and waits until it is gone. */
export async function deleteImageSetAndConfirm({
  polling,
  ...id
}: DeleteImageSetInput): Promise<{ imageSetId: string }> {
  return runFlow('deleteImageSetAndConfirm', { polling, ...id }, async (flow) => {
    flow.know(id);
    await readUnlocked(flow, { step: 'getImageSet', polling, whenDeleted: 'DeleteFailed', ...id });
    const { timeout } = pacingOf('imageSet', polling);
    await flow.change('deleteImageSet', imaging.deleteImageSet, id, { budget: timeout });
    await waitFor(flow, {
      step: 'pollImageSet',
      kind: 'imageSet',
      polling,
      read: (summary, budget) => flow.read(summary, imaging.getImageSet, id, budget),
      classify: ({ imageSetState }) => ({ kind: imageSetState === 'DELETED' ? 'settled' : 'going' }),
      status: ({ imageSetState }) => imageSetState,
    });
    return { imageSetId: id.imageSetId };
  });
}
