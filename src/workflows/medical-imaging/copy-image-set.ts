import type { ImageSetState, ImageSetWorkflowStatus } from '@aws-sdk/client-medical-imaging';
import { findCopy, sendCopy, type CopyImageSetInput } from './copy-attempt.ts';
import { runFlow } from '../run/flow.ts';
import { awaitChange, readUnlocked } from '../image-sets/image-set.ts';
import { once } from '../run/once.ts';

export type { CopyImageSetInput };

export interface CopyImageSetResult {
  destinationImageSetId: string;
  /** The version of the destination that the copy has created. */
  destinationLatestVersionId: string;
  imageSetState: ImageSetState;
  imageSetWorkflowStatus?: ImageSetWorkflowStatus;
  /** Whether the service says that this version was forced. */
  forced: boolean;
}

/**
 * Copies an image set into another, or into a new one, and waits until the copy has ended.
 *
 * The run first waits until neither is locked. It copies exactly once, and never takes another writer's change for its own.
 *
 * @returns the document's outputs, and the workflow status at the end of the copy
 * @throws ApplicationFailure `CopyFailed` with the image set's message: a failed copy leaves the destination `ACTIVE`
 * @throws ApplicationFailure `WaitTimedOut`, `OutcomeUnknown`, `ValidationFailed`, or by the AWS exception's name
 * @see arazzo/copy-image-set.yaml
 */
export async function copyImageSet(input: CopyImageSetInput): Promise<CopyImageSetResult> {
  return runFlow('copyImageSet', input, async (flow) => {
    const { datastoreId, sourceImageSetId, destinationImageSetId, polling } = input;
    flow.know({ datastoreId, sourceImageSetId });
    if (destinationImageSetId !== undefined) flow.know({ imageSetId: destinationImageSetId });

    // AWS checks no version for a copy that creates an image set, so a second request would create a second one.
    const makesNew = destinationImageSetId === undefined || input.promoteToPrimary === true;
    const copy = await once(flow, {
      step: 'copyImageSet',
      kind: 'imageSet',
      polling,
      guard: makesNew ? 'none' : 'version',
      prepare: async () => {
        const read = (step: string, imageSetId: string) =>
          readUnlocked(flow, { step, datastoreId, imageSetId, polling });
        const source = await read('getSourceImageSet', sourceImageSetId);
        flow.know({ sourceVersionId: source.versionId ?? '' });
        if (destinationImageSetId === undefined) return { source, destination: undefined };
        const destination = await read('getDestinationImageSet', destinationImageSetId);
        flow.know({ destinationVersionId: destination.versionId ?? '' });
        return { source, destination };
      },
      send: (basis, budget) => sendCopy(flow, input, basis, budget),
      find: (doubt) => findCopy(flow, input, doubt),
      lag: makesNew ? 0 : flow.facts.staleReads,
    });

    flow.know({ imageSetId: copy.imageSetId });
    // The copy has created a new image set, which exists even if the copy fails.
    if (copy.imageSetId !== destinationImageSetId) {
      flow.leave({
        what: `image set ${copy.imageSetId}`,
        remove: `aws medical-imaging delete-image-set --datastore-id ${datastoreId} --image-set-id ${copy.imageSetId}`,
      });
    }
    const settled = await awaitChange(flow, {
      step: 'pollDestination',
      datastoreId,
      polling,
      failure: 'CopyFailed',
      ...copy,
    });
    return {
      destinationImageSetId: copy.imageSetId,
      destinationLatestVersionId: copy.latestVersionId,
      imageSetState: settled.imageSetState ?? 'ACTIVE',
      ...(settled.imageSetWorkflowStatus && { imageSetWorkflowStatus: settled.imageSetWorkflowStatus }),
      forced: settled.overrides?.forced ?? false,
    };
  });
}
