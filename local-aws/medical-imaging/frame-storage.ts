import type { LosslessStorageFormat } from '@aws-sdk/client-medical-imaging';
import type { PixelDescription } from './dicom/pixel-description.ts';
import { codingOf, EXPLICIT_LITTLE_ENDIAN, isVideo, JPEG_2000_LOSSLESS } from './dicom/transfer-syntaxes.ts';

const JPEG_BASELINE = '1.2.840.10008.1.2.4.50';
const JPEG_2000 = '1.2.840.10008.1.2.4.91';
const JPEG_XL = '1.2.840.10008.1.2.4.112';
const HTJ2K_LOSSLESS_RPCL = '1.2.840.10008.1.2.4.202';
const HTJ2K = '1.2.840.10008.1.2.4.203';

const SEGMENTATION_STORAGE = '1.2.840.10008.5.1.4.1.1.66.4';

/**
 * Frames of these transfer syntaxes, and videos, are stored as they were imported. They have an asterisk in the table of the
 * developer guide (`supported-transfer-syntaxes`).
 */
const kept = new Set([JPEG_BASELINE, JPEG_2000, JPEG_XL, HTJ2K]);

/** The transfer syntax to which a data store transcodes lossless frames, by its `losslessStorageFormat`. */
const storageFormats: Readonly<Record<LosslessStorageFormat, string>> = {
  HTJ2K: HTJ2K_LOSSLESS_RPCL,
  JPEG_2000_LOSSLESS,
};

/**
 * What the service does with the frames of an instance. Frames of an `unknown` transfer syntax are stored as they were imported,
 * with a warning.
 */
export type Storage =
  | { readonly as: 'kept' | 'unknown' }
  | { readonly as: 'transcoded'; readonly to: string };

/**
 * How a data store stores the frames of an instance. Segmentations with one bit per pixel are kept as they are only in Explicit
 * VR Little Endian; in the other native transfer syntaxes they must be transcoded, which no codec here can do.
 */
export function storageOf(
  { transferSyntaxUid, bitsAllocated }: PixelDescription,
  { sopClassUid, format }: { readonly sopClassUid: string; readonly format: LosslessStorageFormat },
): Storage {
  if (codingOf(transferSyntaxUid) === undefined) return { as: 'unknown' };
  const isBinarySegmentation =
    transferSyntaxUid === EXPLICIT_LITTLE_ENDIAN &&
    sopClassUid === SEGMENTATION_STORAGE &&
    bitsAllocated === 1;
  const isKept = kept.has(transferSyntaxUid) || isVideo(transferSyntaxUid) || isBinarySegmentation;
  return isKept ? { as: 'kept' } : { as: 'transcoded', to: storageFormats[format] };
}

/** The media type of a frame, as GetImageFrame returns it (API reference, GetImageFrame, `contentType`). */
export function mediaTypeOf(uid: string): string {
  const coding = codingOf(uid);
  switch (coding) {
    case 'jpeg':
      // AWS lists it only for 4.50. A frame of 4.51 that could not be transcoded is a JPEG too, but AWS lists no type for it.
      return uid === JPEG_BASELINE ? 'image/jpeg' : octets;
    case 'jpeg2000':
      return uid === JPEG_2000_LOSSLESS || uid === JPEG_2000 ? 'image/j2c' : octets;
    case 'htj2k':
      return uid === HTJ2K ? 'image/jphc' : 'image/jph';
    case 'jpegXl':
      return 'image/jxl';
    case 'mpeg2':
      return 'video/mpeg';
    case 'mpeg4':
      return 'video/mp4';
    case 'native':
    case 'rle':
    case 'jpegLossless':
    case 'jpegLs':
    case undefined:
  }
  return octets;
}

const octets = 'application/octet-stream';
