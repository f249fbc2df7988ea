import type { ImageSetProperties, ImageSetState } from '@aws-sdk/client-medical-imaging';
import type { Json } from '../../activities/operation.ts';
import type { Polling } from '../../pacing/polling.ts';
import { imaging } from '../run/activities.ts';
import { changeEvidence, readHeld } from '../image-sets/change-evidence.ts';
import { runFlow, type Flow } from '../run/flow.ts';
import { awaitChange, readUnlocked } from '../image-sets/image-set.ts';
import { once } from '../run/once.ts';
import { allPages } from '../run/pages.ts';

interface ImageSetToUpdate {
  datastoreId: string;
  imageSetId: string;
  polling?: Polling;
}

/** DICOM attributes: the service's JSON, as an object, as text, or as the base64 of the text. */
export type Attributes = string | object;

interface Change extends ImageSetToUpdate {
  /** Change what is protected otherwise. */
  force?: boolean;
  nextToken?: undefined;
}

/** Adds or changes attributes. */
export interface UpdateAttributes extends Change {
  updatableAttributes: Attributes;
  removableAttributes?: Attributes;
  revertToVersionId?: undefined;
}

/** Removes attributes. */
export interface RemoveAttributes extends Change {
  updatableAttributes?: Attributes;
  removableAttributes: Attributes;
  revertToVersionId?: undefined;
}

/** Goes back to the metadata of an earlier version. */
export interface RevertToVersion extends Change {
  revertToVersionId: string;
  updatableAttributes?: undefined;
  removableAttributes?: undefined;
}

/** Changes nothing: goes on with the list of versions. */
export interface ListMoreVersions extends ImageSetToUpdate {
  /** The `nextToken` of a result. */
  nextToken: string;
  updatableAttributes?: undefined;
  removableAttributes?: undefined;
  revertToVersionId?: undefined;
  force?: undefined;
}

export type UpdateImageSetMetadataInput =
  | UpdateAttributes
  | RemoveAttributes
  | RevertToVersion
  | ListMoreVersions;

export interface UpdateImageSetMetadataResult {
  /** The version that the update has created, or the newest one if the run only lists versions. */
  latestVersionId: string;
  imageSetState: ImageSetState;
  /** Newest first, each with its final status and whether the change was forced. */
  imageSetPropertiesList: Json<ImageSetProperties>[];
  nextToken?: string;
}

/**
 * Changes the metadata of an image set, or reverts to those of an earlier version, and lists the versions.
 *
 * The run waits until the image set is not locked, updates it exactly once, and waits until the update has ended. With
 * `nextToken` it changes nothing and continues the list of versions.
 *
 * @throws ApplicationFailure `UpdateFailed` with the image set's message, `ImageSetNotUsable` (deleted), `WaitTimedOut`,
 *   `OutcomeUnknown`, `ValidationFailed`, or by the AWS exception's name
 * @see arazzo/update-image-set-metadata.yaml
 */
export async function updateImageSetMetadata(
  input: UpdateImageSetMetadataInput,
): Promise<UpdateImageSetMetadataResult> {
  return runFlow('updateImageSetMetadata', input, async (flow) => {
    const { datastoreId, imageSetId, revertToVersionId, force, polling } = input;
    const imageSet = { datastoreId, imageSetId, polling };
    const asked = {
      updatableAttributes: textOf(input.updatableAttributes),
      removableAttributes: textOf(input.removableAttributes),
    };
    flow.know({ datastoreId, imageSetId });
    if (input.nextToken !== undefined) {
      const now = await flow.read('getImageSet', imaging.getImageSet, { datastoreId, imageSetId });
      const { versionId: latestVersionId = '', imageSetState = 'ACTIVE' } = now;
      return { latestVersionId, imageSetState, ...(await listVersions(flow, input)) };
    }

    const update = await once(flow, {
      step: 'updateMetadata',
      kind: 'imageSet',
      polling,
      guard: 'version',
      prepare: () =>
        readUnlocked(flow, { step: 'getImageSet', whenDeleted: 'ImageSetNotUsable', ...imageSet }),
      send: async ({ versionId }, budget) => {
        const request = {
          datastoreId,
          imageSetId,
          latestVersionId: versionId,
          force,
          revertToVersionId,
          ...asked,
        };
        const reply = await flow.change('updateMetadata', imaging.updateImageSetMetadata, request, budget);
        return { imageSetId, latestVersionId: reply.latestVersionId ?? '' };
      },
      find: ({ sent: [before], seen, since }) =>
        changeEvidence(flow, {
          datastoreId,
          imageSetId,
          polling,
          before,
          seen,
          since,
          status: 'UPDATED',
          proof: async (version) => {
            const held = (summary: string, versionId: string | undefined) =>
              readHeld(flow, summary, { datastoreId, imageSetId, versionId, asked });
            const [was, is] = [
              await held('+metadataBefore', before.versionId),
              await held('+metadataNow', version),
            ];
            if (is.content === was.content) return 'unclear';
            if (revertToVersionId === undefined)
              return was.holdsAsked && is.holdsAsked ? 'unclear' : is.holdsAsked === true;
            return is.content === (await held('+metadataAsked', revertToVersionId)).content;
          },
        }),
      lag: flow.facts.staleReads,
    });

    const settled = await awaitChange(flow, {
      step: '+awaitUpdate',
      failure: 'UpdateFailed',
      ...imageSet,
      ...update,
    });
    return {
      latestVersionId: update.latestVersionId,
      imageSetState: settled.imageSetState ?? 'ACTIVE',
      ...(await listVersions(flow, { datastoreId, imageSetId })),
    };
  });
}

async function listVersions(
  flow: Flow,
  {
    datastoreId,
    imageSetId,
    nextToken: from,
  }: Pick<UpdateImageSetMetadataInput, 'datastoreId' | 'imageSetId' | 'nextToken'>,
) {
  const read = async (summary: string, nextToken: string | undefined) => {
    const request = { datastoreId, imageSetId, maxResults: 50, nextToken };
    const page = await flow.read(summary, imaging.listImageSetVersions, request);
    return { items: page.imageSetPropertiesList, nextToken: page.nextToken };
  };
  const { items: imageSetPropertiesList, ...more } = await allPages(flow, 'listVersions', read, from);
  return { imageSetPropertiesList, ...more };
}

function textOf(attributes: string | object | undefined): string | undefined {
  return typeof attributes === 'object' ? JSON.stringify(attributes) : attributes;
}
