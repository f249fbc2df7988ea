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
  /** UID of the transfer syntax that GetImageFrame gives them in. */
  readonly storedTransferSyntaxUid: string;
  /** The checksums are those of the pixels, and not those of the frames as they came. */
  readonly isDecoded: boolean;
  readonly problem?: FrameStorageProblem | undefined;
}

/**
 * Keeps the frames of an instance, one in memory at a time. They stay as they came until they are asked for, because to
 * encode all of them would take longer than the import itself. They are decoded now all the same: the checksum and range of
 * their pixels belong to the metadata, and a frame that cannot be decoded to the warnings of the job.
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
  // One frame that cannot be decoded leaves all of its instance as it came.
  if (storage.as === 'transcoded' && kept.every(({ pixels }) => pixels)) {
    const imageFrames = described(({ asItCame, pixels }) => pixels ?? asItCame);
    return { imageFrames, storedTransferSyntaxUid: storage.to, isDecoded: true };
  }
  const imageFrames = described(({ asItCame, pixels }) =>
    storage.as === 'kept' ? { ...pixels, ...asItCame } : asItCame,
  );
  return { ...asImported, imageFrames, problem: problems[storage.as] };
}

/** Why frames stay as they came. */
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

/** What the metadata say of a frame; its range is known where its pixels are. */
type Facts = Pick<PixelFacts, 'checksum' | 'size'> & Partial<PixelFacts>;

interface KeptFrame {
  readonly id: string;
  readonly asItCame: Facts;
  /** Undefined where they are not asked for, and where the frame or one before it cannot be decoded. */
  readonly pixels: Facts | undefined;
}

async function keepEach(
  world: World,
  name: string,
  { description, frames }: PixelData,
  storage: Storage,
): Promise<KeptFrame[]> {
  const kept: KeptFrame[] = [];
  // Those of native frames that are kept are cheap, and `frameEncoding=stored` would lose their range.
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
 * A frame in a transfer syntax, such as the one that its instance says.
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

/** Whether a frame as it came is one of that transfer syntax. The little-endian native ones differ in their metadata only. */
export function isEncodedAs(description: PixelDescription, transferSyntaxUid: string): boolean {
  if (transferSyntaxUid === description.transferSyntaxUid) return true;
  const isLittleEndian = codingOf(description.transferSyntaxUid) === 'native' && !description.bigEndian;
  return isLittleEndian && transferSyntaxUid === EXPLICIT_LITTLE_ENDIAN;
}
