import type { ImageSetState, ImageSetWorkflowStatus } from '@aws-sdk/client-medical-imaging';
import { pacingOf, type Polling } from '../../polling.ts';
import { imaging } from '../shared/activities.ts';
import { copyEvidence, type CopiedVersion } from '../shared/copy-evidence.ts';
import { runFlow } from '../shared/flow.ts';
import { awaitChange, readUnlocked } from '../shared/image-set.ts';
import { mutateOnce } from '../shared/mutate-once.ts';

export interface CopyImageSetInput {
  datastoreId: string;
  sourceImageSetId: string;
  destinationImageSetId: string;
  /** JSON that names the series and instances to copy; all of them where absent. */
  copiableAttributes?: string;
  /** Copy even where patient, study or series metadata do not match; the destination's stay. */
  force?: boolean;
  polling?: Polling;
}

export interface CopyImageSetResult {
  destinationImageSetId: string;
  /** The version of the destination that the copy has made. */
  destinationLatestVersionId: string;
  imageSetState: ImageSetState;
  imageSetWorkflowStatus?: ImageSetWorkflowStatus;
}

/**
 * Copies one image set into another and waits until the copy has ended.
 *
 * Waits first until both are free, copies exactly once, and never takes another writer's change for its own.
 *
 * @returns the document's outputs, and the workflow status that the copy ended with
 * @throws ApplicationFailure `CopyFailed` with the image set's message: a failed copy leaves the destination `ACTIVE`
 * @throws ApplicationFailure `WaitTimedOut`, `OutcomeUnknown`, `ValidationFailed`, or by the AWS exception's name
 * @see arazzo/copy-image-set.yaml
 */
export async function copyImageSet(input: CopyImageSetInput): Promise<CopyImageSetResult> {
  return runFlow('copyImageSet', input, async (flow) => {
    const { datastoreId, sourceImageSetId, destinationImageSetId, copiableAttributes, force, polling } =
      input;
    const { timeout } = pacingOf('imageSet', polling);
    flow.know({ datastoreId, imageSetId: destinationImageSetId, sourceImageSetId });

    const copy = await mutateOnce(flow, {
      step: 'copyImageSet',
      timeout,
      prepare: async () => {
        const read = (step: string, imageSetId: string) =>
          readUnlocked(flow, { step, datastoreId, imageSetId, polling });
        const source = await read('getSourceImageSet', sourceImageSetId);
        const destination = await read('getDestinationImageSet', destinationImageSetId);
        const [sourceVersionId, destinationVersionId] = [source.versionId ?? '', destination.versionId ?? ''];
        flow.know({ sourceVersionId, destinationVersionId });
        return { source, destination };
      },
      send: async ({ source, destination }): Promise<CopiedVersion> => {
        const reply = await flow.change(
          'copyImageSet',
          imaging.copyImageSet,
          {
            datastoreId,
            sourceImageSetId,
            ...(force !== undefined && { force }),
            copyImageSetInformation: {
              sourceImageSet: {
                latestVersionId: source.versionId,
                ...(copiableAttributes !== undefined && { DICOMCopies: { copiableAttributes } }),
              },
              destinationImageSet: {
                imageSetId: destinationImageSetId,
                latestVersionId: destination.versionId,
              },
            },
          },
          { budget: timeout, maximumAttempts: 1 },
        );
        const { imageSetId = destinationImageSetId, latestVersionId = '' } =
          reply.destinationImageSetProperties ?? {};
        return { imageSetId, latestVersionId };
      },
      find: (before, since) => copyEvidence(flow, { ...input, ...before, since }),
    });

    flow.underWay = { awsImageSetId: copy.imageSetId };
    const settled = await awaitChange(flow, {
      step: 'pollDestination',
      datastoreId,
      imageSetId: copy.imageSetId,
      version: copy.latestVersionId,
      polling,
    });
    return {
      destinationImageSetId: copy.imageSetId,
      destinationLatestVersionId: copy.latestVersionId,
      imageSetState: settled.imageSetState ?? 'ACTIVE',
      ...(settled.imageSetWorkflowStatus && { imageSetWorkflowStatus: settled.imageSetWorkflowStatus }),
    };
  });
}
