import { imaging, once, readUnlocked, runFlow, waitFor, type Polling } from 'aws-health-workflows/workflow';

export interface DeleteImageSetInput {
  datastoreId: string;
  imageSetId: string;
  polling?: Polling;
}

/** A custom flow: waits until an image set is unlocked, deletes it, and waits until it is deleted. */
export async function deleteImageSetAndConfirm({ polling, ...id }: DeleteImageSetInput) {
  return runFlow('deleteImageSetAndConfirm', { polling, ...id }, async (flow) => {
    flow.know(id);
    await once<unknown, unknown>(flow, {
      step: 'deleteImageSet',
      kind: 'imageSet',
      polling,
      // AWS deletes an image set at most once, so a retry after a lost reply does no harm.
      guard: 'version',
      prepare: () => readUnlocked(flow, { step: 'getImageSet', polling, whenDeleted: 'DeleteFailed', ...id }),
      send: (_, budget) => flow.change('deleteImageSet', imaging.deleteImageSet, id, budget),
      // If the reply to the request was lost, read the image set to find out whether AWS has deleted it.
      find: async () => {
        const now = await readUnlocked(flow, { step: '+imageSetNow', polling, ...id });
        return now.imageSetState === 'DELETED' ? { kind: 'ours', reply: now } : { kind: 'unchanged' };
      },
      lag: flow.facts.staleReads,
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
