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

export interface ImageSetWait extends ImageSetId {
  step: string;
  polling: Polling | undefined;
}

/**
 * Reads an image set until it is not locked, so that AWS does not refuse the next change with a conflict.
 *
 * @param whenDeleted - the type of the failure for a deleted image set; without it, the next call fails
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

/**
 * Waits until a change of an image set has ended.
 *
 * Where another writer has changed the image set since, its newest version does not show how the expected change has ended.
 * So the run also reads the version of that change.
 *
 * @param change - `latestVersionId`: the version in the reply to the change
 * @throws ApplicationFailure `CopyFailed` or `UpdateFailed`, with the image set's message in the details; `WaitTimedOut`
 */
export async function awaitChange(
  flow: Flow,
  {
    step,
    polling,
    latestVersionId,
    failure,
    ...id
  }: ImageSetWait & { latestVersionId: string; failure: ExpectedChange['failure'] },
) {
  const wait = (name: string, versionId?: string) =>
    waitFor(flow, {
      step: name,
      kind: 'imageSet',
      polling,
      ours: true,
      read: (summary, budget) => {
        const request = { ...id, ...(versionId !== undefined && { versionId }) };
        return flow.read(summary, imaging.getImageSet, request, budget);
      },
      classify: (imageSet) => classifyImageSet(imageSet, { version: latestVersionId, failure }),
      status: ({ imageSetState, imageSetWorkflowStatus }) => imageSetWorkflowStatus ?? imageSetState,
      explain: ({ message }) => Promise.resolve({ awsMessage: message }),
      timedOut: `, and version ${latestVersionId}, which the change creates, is not visible yet`,
    });
  flow.underWay = { awsImageSetId: id.imageSetId };
  const { read, byAnother } = await wait(step);
  flow.underWay = undefined;
  return byAnother ? (await wait('+ownVersion', latestVersionId)).read : read;
}
