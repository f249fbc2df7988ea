import type { World } from '../../world.ts';
import { contentOf, type Content } from '../content.ts';
import type { Attributes } from '../dicom/attributes.ts';
import type { PixelDescription } from '../dicom/pixel-description.ts';
import { codingOf, EXPLICIT_LITTLE_ENDIAN } from '../dicom/transfer-syntaxes.ts';
import { isEncodedAs } from '../image-frames.ts';
import { readImportedFile } from '../imported-file.ts';
import { elementsOf } from './elements.ts';
import { framesAs, framesOf, targetOf, type EncodedFrames } from './frames.ts';
import type { Found } from './instances.ts';
import { isNative, part10, type PixelElement } from './part10.ts';

export interface InstanceFile {
  readonly transferSyntaxUid: string;
  readonly content: Content;
}

/**
 * An instance as a DICOM Part 10 file. If the caller gets the transfer syntax of the imported file, and the metadata have not
 * changed since the import, this is the imported file byte for byte. Otherwise a new file is written from the metadata, with
 * its texts in UTF-8.
 *
 * @param wanted - as for {@link framesAs}
 * @throws ServiceError NotAcceptableException
 */
export async function instanceFile(
  world: World,
  datastoreId: string,
  found: Found,
  wanted: string | undefined,
): Promise<InstanceFile> {
  const { instance } = found;
  const target = targetOf(instance, wanted);
  const early = await importedFile(world, datastoreId, found, target);
  if (early) return early;
  const indices = instance.ImageFrames.map((_, index) => index);
  const encoded = await framesAs(world, instance, await framesOf(world, instance, indices), wanted);
  // Frames that cannot be decoded come in the stored transfer syntax, and the imported file may have that one.
  const late =
    encoded.transferSyntaxUid !== target &&
    (await importedFile(world, datastoreId, found, encoded.transferSyntaxUid));
  return late || writtenFile(found, encoded);
}

async function importedFile(
  world: World,
  datastoreId: string,
  found: Found,
  transferSyntaxUid: string,
): Promise<InstanceFile | undefined> {
  if (found.attributes['TransferSyntaxUID'] !== transferSyntaxUid) return undefined;
  const content = await readImportedFile(world, { datastoreId, view: found }, async (index) => {
    const [frame] = await framesOf(world, found.instance, [index]);
    return frame?.bytes ?? Buffer.alloc(0);
  });
  return content && { transferSyntaxUid, content };
}

function writtenFile({ instance, attributes }: Found, encoded: EncodedFrames): InstanceFile {
  const { description } = encoded;
  // A data set without frames can always be written in Explicit VR Little Endian.
  const transferSyntaxUid = description ? encoded.transferSyntaxUid : EXPLICIT_LITTLE_ENDIAN;
  const changed = description ? changedPixels(description, transferSyntaxUid) : {};
  const elements = elementsOf({ ...attributes, ...changed }, instance.DICOMVRs).filter(
    ({ tag }) => !extendedOffsetTable.includes(tag),
  );
  const pixels = description && pixelElement(description, encoded);
  return { transferSyntaxUid, content: contentOf(part10(elements, pixels, transferSyntaxUid)) };
}

/**
 * ExtendedOffsetTable and ExtendedOffsetTableLengths of the imported file. They do not fit frames that have been encoded again,
 * and the written file has a Basic Offset Table.
 */
const extendedOffsetTable = [0x7fe00001, 0x7fe00002];

const floatTags: Readonly<Record<string, number>> = { OF: 0x7fe00008, OD: 0x7fe00009 };

function pixelElement(
  description: PixelDescription,
  { transferSyntaxUid, frames }: EncodedFrames,
): PixelElement {
  const { vr } = description;
  const tag = floatTags[vr] ?? 0x7fe00010;
  if (!isNative(transferSyntaxUid)) return { tag, vr, value: { fragments: frames } };
  const native = joined(frames, description);
  return { tag, vr: floatTags[vr] ? vr : description.bitsAllocated > 8 ? 'OW' : 'OB', value: { native } };
}

/**
 * Joins native frames without padding between them. With one bit per pixel, a frame may begin in the middle of the byte in which
 * the previous one ends (PS3.5 section 8.1.1).
 */
function joined(frames: readonly Uint8Array[], description: PixelDescription): Buffer {
  const { rows, columns, samplesPerPixel, bitsAllocated } = description;
  const bits = rows * columns * samplesPerPixel * bitsAllocated;
  if (bits % 8 === 0) return Buffer.concat(frames);
  const all = Buffer.alloc(Math.ceil((bits * frames.length) / 8));
  for (const [index, frame] of frames.entries()) {
    for (let bit = 0; bit < bits; bit++) {
      const at = index * bits + bit;
      const isSet = ((frame[bit >> 3] ?? 0) >> (bit & 7)) & 1;
      all[at >> 3] = (all[at >> 3] ?? 0) | (isSet << (at & 7));
    }
  }
  return all;
}

/**
 * The attributes of a colour image that change when its frames are decoded: most codecs return RGB, and the samples of each
 * pixel are next to each other.
 */
function changedPixels(description: PixelDescription, to: string): Attributes {
  const { samplesPerPixel, transferSyntaxUid, photometricInterpretation } = description;
  if (samplesPerPixel === 1 || isEncodedAs(description, to)) return {};
  const coding = codingOf(transferSyntaxUid);
  const isDecodedToRgb = coding === 'jpeg' || coding === 'jpeg2000' || coding === 'htj2k';
  const decoded = isDecodedToRgb ? 'RGB' : photometricInterpretation;
  // The encoders convert RGB to YBR_RCT, which is reversible (PS3.5 sections 8.2.4 and 8.2.15).
  const isTransformed = !isNative(to) && decoded === 'RGB';
  return { PlanarConfiguration: 0, PhotometricInterpretation: isTransformed ? 'YBR_RCT' : decoded };
}
