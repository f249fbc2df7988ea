import { crc32 } from 'node:zlib';
import type { World } from '../world.ts';
import { CannotTranscode } from './codecs/cannot-transcode.ts';
import type { PixelFacts } from './codecs/pixels.ts';
import { datastores } from './datastore.ts';
import type { DicomInstance } from './dicom-instance.ts';
import type { PixelData } from './dicom/pixel-data.ts';
import type { PixelDescription } from './dicom/pixel-description.ts';
import { codingOf, EXPLICIT_LITTLE_ENDIAN } from './dicom/transfer-syntaxes.ts';
import { writeFrame, type Frame } from './frame-files.ts';
import { storageOf, type Storage } from './frame-storage.ts';
import type { FrameStorageProblem } from './import-warnings.ts';
import type { ImageFrame } from './metadata.ts';

/** The frames of an instance as its metadata describe them. */
export interface InstanceFrames {
  readonly imageFrames: readonly ImageFrame[];
  /** UID of the transfer syntax in which GetImageFrame returns them. */
  readonly storedTransferSyntaxUid: string;
  /** The checksums are of the decoded pixels, not of the frames as they were imported. */
  readonly isDecoded: boolean;
  readonly problem?: FrameStorageProblem | undefined;
}

/**
 * Stores the frames of an instance, with one in memory at a time. They are stored as they were imported and transcoded when
 * they are requested, because transcoding all of them would take longer than the rest of the import. They are decoded during the
 * import, though: the metadata contain the checksum and range of their pixels, and a frame that cannot be decoded is a warning.
 */
export async function keepFrames(
  world: World,
  datastoreId: string,
  instance: DicomInstance,
): Promise<InstanceFrames> {
  const { sopUid, transferSyntaxUid, pixelData } = instance;
  const asImported = { storedTransferSyntaxUid: transferSyntaxUid, isDecoded: false };
  if (!pixelData || pixelData.frames.length === 0) return { ...asImported, imageFrames: [] };
  const storage = storageIn(world, datastoreId, instance, pixelData);
  const name = `${datastoreId}/${sopUid}`;
  const kept = await keepEach(world, name, pixelData, storage);
  const described = (factsOf: (frame: KeptFrame) => Facts) =>
    kept.map((frame) => imageFrame(frame.id, pixelData.description, factsOf(frame)));
  // If one frame cannot be decoded, all frames of the instance stay as they were imported.
  if (storage.as === 'transcoded' && kept.every(({ pixels }) => pixels)) {
    const imageFrames = described(({ asItCame, pixels }) => pixels ?? asItCame);
    return { imageFrames, storedTransferSyntaxUid: storage.to, isDecoded: true };
  }
  const imageFrames = described(({ asItCame, pixels }) =>
    storage.as === 'kept' ? { ...pixels, ...asItCame } : asItCame,
  );
  return { ...asImported, imageFrames, problem: problems[storage.as] };
}

/** The warning for frames that stay as they were imported; none if that is how the service stores them. */
const problems = {
  kept: undefined,
  unknown: 'UnsupportedTransferSyntax',
  transcoded: 'TranscodingException',
} as const;

function storageIn(
  world: World,
  datastoreId: string,
  { levels }: DicomInstance,
  { description }: PixelData,
): Storage {
  if (world.settings.frameEncoding === 'stored') return { as: 'kept' };
  const format = datastores(world).get(datastoreId)?.losslessStorageFormat ?? 'HTJ2K';
  return storageOf(description, { sopClassUid: String(levels.instance['SOPClassUID']), format });
}

/** What the metadata say about a frame. The range of its pixels is known only if it was decoded. */
type Facts = Pick<PixelFacts, 'checksum' | 'size'> & Partial<PixelFacts>;

interface KeptFrame {
  readonly id: string;
  readonly asItCame: Facts;
  /** Undefined if no decoding was needed, or if this frame or one before it cannot be decoded. */
  readonly pixels: Facts | undefined;
}

async function keepEach(
  world: World,
  name: string,
  { description, frames }: PixelData,
  storage: Storage,
): Promise<KeptFrame[]> {
  const kept: KeptFrame[] = [];
  // Native frames are decoded even if they are kept as they are. That takes little time, and otherwise the range of their pixels
  // would be missing with `frameEncoding=stored`.
  let decodes = storage.as === 'transcoded' || codingOf(description.transferSyntaxUid) === 'native';
  for (const [index, stored] of frames.entries()) {
    const frame = { description, bytes: stored.read() };
    const [id, pixels] = await Promise.all([
      writeFrame(world, `${name}/${index}`, frame),
      decodes ? pixelsOf(world, frame, storage) : undefined,
    ]);
    decodes &&= pixels !== undefined;
    kept.push({ id, asItCame: { checksum: crc32(frame.bytes), size: frame.bytes.length }, pixels });
  }
  return kept;
}

/** @returns undefined for a frame that cannot be decoded */
async function pixelsOf(
  { settings, transcoder }: World,
  { description, bytes }: Frame,
  storage: Storage,
): Promise<Facts | undefined> {
  const isEncoded = storage.as === 'transcoded' && settings.frameSizeInBytes === 'encoded';
  try {
    const facts = await transcoder.facts(bytes, description, isEncoded ? storage.to : undefined);
    const { checksum, min, max, size, encodedSize } = facts;
    return { checksum, min, max, size: encodedSize ?? size };
  } catch (error) {
    if (error instanceof CannotTranscode) return undefined;
    throw error;
  }
}

const imageFrame = (
  ID: string,
  { rows: Height, columns: Width }: PixelDescription,
  { checksum, min, max, size }: Facts,
): ImageFrame => ({
  ID,
  PixelDataChecksumFromBaseToFullResolution: [{ Width, Height, Checksum: checksum }],
  MinPixelValue: min ?? null,
  MaxPixelValue: max ?? null,
  FrameSizeInBytes: size,
});

/**
 * A frame in this transfer syntax, such as StoredTransferSyntaxUID of its instance.
 *
 * @throws CannotTranscode when the codecs cannot decode the frame, or encode it in that transfer syntax
 */
export async function encodedFrame(
  { transcoder }: World,
  { description, bytes }: Frame,
  transferSyntaxUid: string,
): Promise<Uint8Array> {
  if (isEncodedAs(description, transferSyntaxUid)) return bytes;
  return transcoder.transcode(bytes, description, transferSyntaxUid);
}

/**
 * Whether an imported frame is in this transfer syntax already. All native little-endian transfer syntaxes have the same frames:
 * they differ only in how the other data elements are encoded.
 */
export function isEncodedAs(description: PixelDescription, transferSyntaxUid: string): boolean {
  if (transferSyntaxUid === description.transferSyntaxUid) return true;
  const isLittleEndian = codingOf(description.transferSyntaxUid) === 'native' && !description.bigEndian;
  return isLittleEndian && transferSyntaxUid === EXPLICIT_LITTLE_ENDIAN;
}
