import type { Polling } from '../../pacing/polling.ts';
import { imaging } from '../run/activities.ts';
import { classifyImageSet, type ExpectedChange } from './classify.ts';
import type { FailureType } from '../run/failures.ts';
import type { Flow } from '../run/flow.ts';
import { waitFor } from '../run/waiting.ts';

export interface ImageSetId {
  datastoreId: string;
  imageSetId: string;
}

interface ImageSetWait extends ImageSetId {
  step: string;
  polling: Polling | undefined;
}

/**
 * Reads an image set until nobody is changing it, so that the next call is not refused.
 *
 * @param whenDeleted - what it is called when the image set turns out to be deleted; where it is absent, that is for the
 *   next call to say
 */
export async function readUnlocked(
  flow: Flow,
  { step, polling, whenDeleted, ...id }: ImageSetWait & { whenDeleted?: FailureType },
) {
  const { read } = await waitFor(flow, {
    step,
    kind: 'imageSet',
    polling,
    read: (summary, budget) => flow.read(summary, imaging.getImageSet, id, budget),
    classify: (imageSet) => classifyImageSet(imageSet, undefined, whenDeleted),
    status: ({ imageSetState }) => imageSetState,
  });
  return read;
}

interface AwaitedChange extends ImageSetWait, Pick<ExpectedChange, 'failure'> {
  /** The version that the reply to the change has announced. */
  latestVersionId: string;
}

/**
 * Waits until a change of an image set has ended.
 *
 * Where another writer has changed the set since, its newest version tells nothing of ours: the version that the
 * change has announced is read once more, and judged.
 *
 * @throws ApplicationFailure `CopyFailed` or `UpdateFailed`, with the image set's message in the details; `WaitTimedOut` where the change
 *   has not ended in time, or the version that it announced never shows
 */
export async function awaitChange(
  flow: Flow,
  { step, polling, latestVersionId, failure, ...id }: AwaitedChange,
) {
  const wait = (name: string, versionId?: string) =>
    waitFor(flow, {
      step: name,
      kind: 'imageSet',
      polling,
      ours: true,
      read: (summary, budget) =>
        flow.read(
          summary,
          imaging.getImageSet,
          { ...id, ...(versionId !== undefined && { versionId }) },
          budget,
        ),
      classify: (imageSet) => classifyImageSet(imageSet, { version: latestVersionId, failure }),
      status: ({ imageSetState, imageSetWorkflowStatus }) => imageSetWorkflowStatus ?? imageSetState,
      explain: ({ message }) => Promise.resolve({ awsMessage: message }),
      timedOut: `, and not yet seen in version ${latestVersionId}, which the change has announced`,
    });
  flow.underWay = { awsImageSetId: id.imageSetId };
  const { read, byAnother } = await wait(step);
  flow.underWay = undefined;
  return byAnother ? (await wait('+ownVersion', latestVersionId)).read : read;
}
