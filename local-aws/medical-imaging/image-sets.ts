import { gzipSync } from 'node:zlib';
import type * as MedicalImaging from '@aws-sdk/client-medical-imaging';
import { notFound } from '../errors.ts';
import { pageOf, type Order } from '../paging.ts';
import type { Handlers } from '../protocols/operations.ts';
import { after } from '../timeline.ts';
import type { World } from '../world.ts';
import { requireActive } from './datastore.ts';
import { readFrame } from './frame-files.ts';
import { mediaTypeOf } from './frame-storage.ts';
import { encodedFrame } from './image-frames.ts';
import {
  imageSetArn,
  checkChangeQuota,
  imageSets,
  requireImageSet,
  requireVersion,
  requireWritable,
  stateOf,
  versionsOf,
  type ImageSet,
  type ImageSetPhase,
} from './image-set.ts';
import { notYetConsistent, requireMetadata } from './metadata-store.ts';
import { instancesOf } from './metadata.ts';

const newestVersion: Order<ImageSetPhase> = {
  by: ({ versionId }) => Number(versionId),
  id: ({ versionId }) => versionId,
};

/** Reading image sets and deleting them. */
export function imageSetHandlers(world: World) {
  return {
    GetImageSet({ datastoreId, imageSetId, versionId }) {
      requireActive(world, datastoreId);
      const set = requireImageSet(world, datastoreId, imageSetId);
      const version = requireVersion(set, versionId);
      return {
        datastoreId,
        ...propertiesOf(set, version),
        imageSetWorkflowStatus: version.imageSetWorkflowStatus,
        imageSetArn: imageSetArn(world, set),
      };
    },

    ListImageSetVersions({ datastoreId, imageSetId, maxResults, nextToken }) {
      requireActive(world, datastoreId);
      const set = requireImageSet(world, datastoreId, imageSetId);
      const page = pageOf(versionsOf(set), newestVersion, { size: maxResults, token: nextToken });
      const imageSetPropertiesList = page.items.map((version) => ({
        ...propertiesOf(set, version),
        // The service spells this member with a capital letter.
        ImageSetWorkflowStatus: version.imageSetWorkflowStatus,
      }));
      return { ...page, imageSetPropertiesList };
    },

    GetImageSetMetadata({ datastoreId, imageSetId, versionId }) {
      requireActive(world, datastoreId);
      const set = requireImageSet(world, datastoreId, imageSetId);
      const version = requireVersion(set, versionId);
      if (version.imageSetState === 'DELETED') throw notFound(`Image set ${imageSetId}`);
      if ((set.consistentFrom ?? 0) > Date.now()) throw notYetConsistent();
      const { Patient, Study } = requireMetadata(world, set, version);
      const document = {
        SchemaVersion: '1.1',
        DatastoreID: datastoreId,
        ImageSetID: imageSetId,
        Patient,
        Study,
      };
      return {
        imageSetMetadataBlob: gzipSync(JSON.stringify(document)),
        contentType: 'application/json',
        contentEncoding: 'gzip',
      };
    },

    async GetImageFrame({ datastoreId, imageSetId, imageFrameInformation: { imageFrameId } }) {
      requireActive(world, datastoreId);
      const set = requireImageSet(world, datastoreId, imageSetId);
      const state = stateOf(set);
      if (state.imageSetState === 'DELETED') throw notFound(`Image set ${imageSetId}`);
      const instances = Object.values(instancesOf(requireMetadata(world, set, state)));
      const owner = instances.find(({ ImageFrames }) => ImageFrames.some(({ ID }) => ID === imageFrameId));
      const frame = owner && (await readFrame(world, imageFrameId));
      if (!frame) throw notFound(`Image frame ${imageFrameId}`);
      const { StoredTransferSyntaxUID: stored } = owner;
      return { imageFrameBlob: await encodedFrame(world, frame, stored), contentType: mediaTypeOf(stored) };
    },

    DeleteImageSet({ datastoreId, imageSetId }) {
      requireActive(world, datastoreId);
      const set = requireWritable(world, datastoreId, imageSetId);
      checkChangeQuota(world, set, 'DELETING');
      const now = Date.now();
      const end = after(now, world.settings.deleteImageSetMs);
      const state = stateOf(set);
      imageSets(world).put(imageSetId, {
        ...set,
        phases: [
          ...set.phases,
          { ...state, from: now, imageSetState: 'LOCKED', imageSetWorkflowStatus: 'DELETING' },
          { ...state, from: end, imageSetState: 'DELETED', imageSetWorkflowStatus: 'DELETED' },
        ],
      });
      return { datastoreId, imageSetId, imageSetState: 'LOCKED', imageSetWorkflowStatus: 'DELETING' };
    },
  } satisfies Partial<Handlers<typeof MedicalImaging>>;
}

function propertiesOf({ imageSetId, isPrimary, createdAt }: ImageSet, version: ImageSetPhase) {
  const { versionId, imageSetState, from, message, forced } = version;
  return {
    imageSetId,
    versionId,
    imageSetState,
    // In AWS's samples this is the time at which the image set was created, not the version.
    createdAt: new Date(createdAt),
    updatedAt: new Date(from),
    deletedAt: imageSetState === 'DELETED' ? new Date(from) : undefined,
    message,
    overrides: forced ? { forced } : undefined,
    isPrimary,
  };
}
