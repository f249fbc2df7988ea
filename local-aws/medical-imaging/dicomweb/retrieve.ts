import { invalid, notFound, type ServiceError } from '../../errors.ts';
import type { HttpReply } from '../../protocols/http.ts';
import type { World } from '../../world.ts';
import {
  isNotAcceptable,
  notAcceptable,
  partsReply,
  readAccept,
  requireJson,
  takes,
  type MediaRange,
} from './accept.ts';
import { contentOf } from '../content.ts';
import { dicomJson, findBulkData, type DicomJson } from './dicom-json.ts';
import { elementsOf } from './elements.ts';
import { instanceFile } from './file.ts';
import { frameMediaType, framesAs, framesOf } from './frames.ts';
import { requireInstances, type Found } from './instances.ts';
import type { DicomWebRequest } from './protocol.ts';
import { instanceUrl } from './urls.ts';

type Handler = (request: DicomWebRequest) => Promise<HttpReply>;

const octets = 'application/octet-stream';

/** The operations of WADO-RS (PS3.18 section 10.4) that HealthImaging supports. */
export function retrieveHandlers(world: World) {
  const metadata: Handler = (request) => {
    requireJson(request.accept);
    const found = requireInstances(world, request);
    return Promise.resolve(jsonReply(found.map((each) => metadataJson(world, request, each))));
  };

  return {
    GetDICOMSeriesMetadata: metadata,
    GetDICOMInstanceMetadata: metadata,

    async GetDICOMInstance(request) {
      const [found] = requireInstances(world, request);
      return acceptable(request, async (range) => {
        if (!takes(range, 'application/dicom')) return undefined;
        const file = await instanceFile(world, request.datastoreId, found, range.transferSyntax);
        const { transferSyntaxUid: transferSyntax, content } = file;
        return partsReply(range, [{ mediaType: 'application/dicom', transferSyntax, content }]);
      });
    },

    async GetDICOMInstanceFrames(request) {
      const [{ instance }] = requireInstances(world, request);
      const frames = await framesOf(
        world,
        instance,
        frameIndices(request.frames, instance.ImageFrames.length),
      );
      return acceptable(request, async (range) => {
        // `image/…` or `video/…` without a transfer syntax asks for the frames as they are stored.
        const byType = /^(image|video)\//.test(range.type) ? '*' : undefined;
        const encoded = await framesAs(world, instance, frames, range.transferSyntax ?? byType);
        const transferSyntax = encoded.transferSyntaxUid;
        const mediaType = frameMediaType(transferSyntax);
        // AWS's examples use `application/octet-stream` with every transfer syntax, compressed ones too.
        if (!takes(range, mediaType) && range.type !== octets) return undefined;
        return partsReply(
          range.type === '*/*' && frames.length > 1 ? { ...range, multipart: true } : range,
          encoded.frames.map((bytes) => ({ mediaType, transferSyntax, content: contentOf(bytes) })),
        );
      });
    },

    async GetDICOMBulkdata(request) {
      const [{ attributes, instance }] = requireInstances(world, request);
      const bytes = findBulkData(elementsOf(attributes, instance.DICOMVRs), request.bulkdataId);
      if (!bytes) throw notFound('Bulk data of that name');
      const parts = [{ mediaType: octets, content: contentOf(bytes) }];
      return acceptable(request, (range) =>
        Promise.resolve(takes(range, octets) ? partsReply(range, parts) : undefined),
      );
    },
  } satisfies Readonly<Record<string, Handler>>;
}

/**
 * The metadata of an instance as DICOM JSON. Their TransferSyntaxUID is the one in which the instance is stored
 * (HealthImaging developer guide, `dicomweb-retrieve-instance-metadata`).
 */
function metadataJson(world: World, { datastoreId, imageSetId }: DicomWebRequest, found: Found): DicomJson {
  const { attributes, instance } = found;
  const transferSyntax = { vr: 'UI', Value: [instance.StoredTransferSyntaxUID] };
  const bulk = {
    instanceUrl: instanceUrl(world, datastoreId, found),
    maxInlineBytes: world.settings.dicomWebInlineBytes,
    query: imageSetId === undefined ? '' : `?imageSetId=${imageSetId}`,
  };
  return { '00020010': transferSyntax, ...dicomJson(elementsOf(attributes, instance.DICOMVRs), bulk) };
}

export const jsonReply = (body: readonly DicomJson[]): HttpReply => ({
  status: 200,
  headers: { 'content-type': 'application/dicom+json' },
  body: JSON.stringify(body),
});

/**
 * The answer in the first possible one of the forms that the caller accepts.
 *
 * @param answer - returns undefined, or throws NotAcceptableException, for a form that is not possible
 */
async function acceptable(
  { accept }: DicomWebRequest,
  answer: (range: MediaRange) => Promise<HttpReply | undefined>,
): Promise<HttpReply> {
  let refusal: ServiceError | undefined;
  for (const range of readAccept(accept)) {
    try {
      const reply = await answer(range);
      if (reply) return reply;
    } catch (error) {
      if (!isNotAcceptable(error)) throw error;
      refusal ??= error;
    }
  }
  throw refusal ?? notAcceptable(`The resource cannot be given as ${accept}.`);
}

/** Converts frame numbers, which begin at 1, to indices: `3,1` to 2 and 0. */
function frameIndices(list: string, count: number): number[] {
  const numbers = list.split(',').map((text) => (/^[1-9]\d{0,8}$/.test(text) ? Number(text) : undefined));
  const known = numbers.filter((number) => number !== undefined);
  if (known.length < numbers.length || new Set(known).size < known.length) {
    throw invalid('The frame list has one or more different frame numbers, such as 1,2,3.');
  }
  const missing = known.find((number) => number > count);
  if (missing !== undefined) throw notFound(`Frame ${missing} of an instance with ${count} frames`);
  return known.map((number) => number - 1);
}
