import type { World } from '../../world.ts';
import { CannotTranscode } from '../codecs/cannot-transcode.ts';
import type { PixelDescription } from '../dicom/pixel-description.ts';
import {
  codingOf,
  EXPLICIT_LITTLE_ENDIAN,
  isLossless,
  JPEG_2000_LOSSLESS,
} from '../dicom/transfer-syntaxes.ts';
import { readFrame, type Frame } from '../frame-files.ts';
import { encodedFrame } from '../image-frames.ts';
import type { Instance } from '../metadata.ts';
import { notAcceptable } from './accept.ts';

export interface EncodedFrames {
  readonly transferSyntaxUid: string;
  readonly frames: readonly Uint8Array[];
  /** How the frames were encoded when they were imported; undefined for an instance without frames. */
  readonly description: PixelDescription | undefined;
}

/** Reads the frames with these indices, in the encoding in which they were imported. */
export async function framesOf(
  world: World,
  { ImageFrames }: Instance,
  indices: readonly number[],
): Promise<Frame[]> {
  const frames: Frame[] = [];
  for (const index of indices) {
    const frame = await readFrame(world, ImageFrames[index]?.ID ?? '');
    if (!frame) throw new Error('an image frame of the metadata has no file');
    frames.push(frame);
  }
  return frames;
}

/**
 * The transfer syntax to return. The default is Explicit VR Little Endian for frames that are stored losslessly, and the stored
 * transfer syntax for all others (HealthImaging developer guide, `dicomweb-retrieve-instance-frames`).
 *
 * @param wanted - a UID; `*` for the stored transfer syntax; undefined for the default
 */
export function targetOf({ StoredTransferSyntaxUID: stored }: Instance, wanted: string | undefined): string {
  if (wanted === '*') return stored;
  return wanted ?? (isLossless(stored) ? EXPLICIT_LITTLE_ENDIAN : stored);
}

/**
 * Frames in the transfer syntax that the caller wants, by the same page: the stored one, Explicit VR Little Endian, or, for
 * frames that are stored losslessly, JPEG 2000 Lossless. If the codecs cannot decode a frame and the caller names no transfer
 * syntax, the frames come as they are stored.
 *
 * @param wanted - as for {@link targetOf}
 * @throws ServiceError NotAcceptableException for any other transfer syntax, or if a frame cannot be decoded for the wanted one
 */
export async function framesAs(
  world: World,
  instance: Instance,
  frames: readonly Frame[],
  wanted: string | undefined,
): Promise<EncodedFrames> {
  const { StoredTransferSyntaxUID: stored } = instance;
  const target = targetOf(instance, wanted);
  const isPossible =
    target === stored ||
    target === EXPLICIT_LITTLE_ENDIAN ||
    (target === JPEG_2000_LOSSLESS && isLossless(stored));
  if (!isPossible) throw refusal(target, stored);
  try {
    return await encodedAs(world, frames, target);
  } catch (error) {
    if (!(error instanceof CannotTranscode) || target === stored) throw error;
    if (wanted !== undefined) throw refusal(target, stored);
    return encodedAs(world, frames, stored);
  }
}

async function encodedAs(
  world: World,
  frames: readonly Frame[],
  transferSyntaxUid: string,
): Promise<EncodedFrames> {
  const encoded: Uint8Array[] = [];
  for (const frame of frames) encoded.push(await encodedFrame(world, frame, transferSyntaxUid));
  return { transferSyntaxUid, frames: encoded, description: frames[0]?.description };
}

const refusal = (target: string, stored: string) =>
  notAcceptable(
    `The instance cannot be given in transfer syntax ${target}: it is stored in ${stored}. Ask for transfer-syntax=*.`,
  );

/** The media type of a frame by its transfer syntax (PS3.18 tables 8.7.3-2 and 8.7.3-5). */
export function frameMediaType(uid: string): string {
  const coding = codingOf(uid);
  switch (coding) {
    case 'rle':
      return 'image/dicom-rle';
    case 'jpeg':
    case 'jpegLossless':
      return 'image/jpeg';
    case 'jpegLs':
      return 'image/jls';
    case 'jpeg2000':
      return /\.9[23]$/.test(uid) ? 'image/jpx' : 'image/jp2';
    case 'htj2k':
      return 'image/jphc';
    case 'jpegXl':
      return 'image/jxl';
    case 'mpeg2':
      return 'video/mpeg';
    case 'mpeg4':
      return 'video/mp4';
    case 'native':
    case undefined:
  }
  return 'application/octet-stream';
}
