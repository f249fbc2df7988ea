import {
  imaging,
  mutateOnce,
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
export async function deleteImageSetAndConfirm({ polling, ...id }: DeleteImageSetInput) {
  return runFlow('deleteImageSetAndConfirm', { polling, ...id }, async (flow) => {
    flow.know(id);
    const { timeout: budget } = pacingOf('imageSet', polling);
    await mutateOnce<unknown, unknown>(flow, {
      step: 'deleteImageSet',
      timeout: budget,
      prepare: () => readUnlocked(flow, { step: 'getImageSet', polling, whenDeleted: 'DeleteFailed', ...id }),
      send: () => flow.change('deleteImageSet', imaging.deleteImageSet, id, budget),
      // Where the answer was lost, the image set tells whether it was done.
      find: async () => {
        const now = await readUnlocked(flow, { step: '+imageSetNow', polling, ...id });
        return now.imageSetState === 'DELETED' ? { kind: 'ours', reply: now } : { kind: 'unchanged' };
      },
    });
    await waitFor(flow, {
      step: 'pollImageSet',
      kind: 'imageSet',
      polling,
      read: (summary, time) => flow.read(summary, imaging.getImageSet, id, time),
      classify: ({ imageSetState }) => ({ kind: imageSetState === 'DELETED' ? 'settled' : 'going' }),
      status: ({ imageSetState }) => imageSetState,
    });
    return { imageSetId: id.imageSetId };
  });
}
