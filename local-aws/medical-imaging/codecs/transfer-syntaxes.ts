import type { LosslessStorageFormat } from '@aws-sdk/client-medical-imaging';
import type { PixelDescription } from '../dicom/pixel-data.ts';

/** How the pixels of a frame are encoded. */
export type Coding =
  | 'native'
  | 'rle'
  | 'jpeg'
  | 'jpegLossless'
  | 'jpegLs'
  | 'jpeg2000'
  | 'htj2k'
  | 'jpegXl'
  | 'mpeg2'
  | 'mpeg4';

interface TransferSyntax {
  readonly coding: Coding;
  /** Image frames stay as they were imported: an asterisk in AWS's table. */
  readonly kept?: true;
}

const video = (coding: 'mpeg2' | 'mpeg4') => ({ coding, kept: true }) as const;

/**
 * The transfer syntaxes that HealthImaging lists (developer guide, `supported-transfer-syntaxes`), by what follows
 * `1.2.840.10008.1.2`.
 */
const transferSyntaxes: Readonly<Record<string, TransferSyntax>> = {
  '': { coding: 'native' },
  '.1': { coding: 'native' },
  '.1.99': { coding: 'native' },
  '.2': { coding: 'native' },
  '.4.50': { coding: 'jpeg', kept: true },
  '.4.51': { coding: 'jpeg' },
  '.4.57': { coding: 'jpegLossless' },
  '.4.70': { coding: 'jpegLossless' },
  '.4.80': { coding: 'jpegLs' },
  '.4.81': { coding: 'jpegLs' },
  '.4.90': { coding: 'jpeg2000' },
  '.4.91': { coding: 'jpeg2000', kept: true },
  '.4.92': { coding: 'jpeg2000' },
  '.4.93': { coding: 'jpeg2000' },
  '.4.100': video('mpeg2'),
  '.4.100.1': video('mpeg2'),
  '.4.101': video('mpeg2'),
  '.4.101.1': video('mpeg2'),
  '.4.102': video('mpeg4'),
  '.4.102.1': video('mpeg4'),
  '.4.103': video('mpeg4'),
  '.4.103.1': video('mpeg4'),
  '.4.104': video('mpeg4'),
  '.4.104.1': video('mpeg4'),
  '.4.105': video('mpeg4'),
  '.4.105.1': video('mpeg4'),
  '.4.106': video('mpeg4'),
  '.4.106.1': video('mpeg4'),
  '.4.107': video('mpeg4'),
  '.4.108': video('mpeg4'),
  '.4.112': { coding: 'jpegXl', kept: true },
  '.4.201': { coding: 'htj2k' },
  '.4.202': { coding: 'htj2k' },
  '.4.203': { coding: 'htj2k', kept: true },
  '.5': { coding: 'rle' },
};

const root = '1.2.840.10008.1.2';
const explicitLittleEndian = `${root}.1`;
const segmentation = '1.2.840.10008.5.1.4.1.1.66.4';

/** What a data store makes of lossless frames: its `losslessStorageFormat`. */
const storageFormats: Readonly<Record<LosslessStorageFormat, string>> = {
  HTJ2K: `${root}.4.202`,
  JPEG_2000_LOSSLESS: `${root}.4.90`,
};

/** @returns undefined for a transfer syntax that HealthImaging does not list */
export const codingOf = (uid: string): Coding | undefined =>
  uid.startsWith(root) ? transferSyntaxes[uid.slice(root.length)]?.coding : undefined;

/** What the service does with the frames of an instance: `unknown` ones it stores as they came, with a warning. */
export type Storage =
  | { readonly as: 'kept' | 'unknown' }
  | { readonly as: 'transcoded'; readonly to: string };

/**
 * In which form a data store keeps the frames of an instance. Segmentations of one bit a pixel stay as they are in Explicit
 * VR Little Endian only; in the other native syntaxes they are to be transcoded, which no codec here can do.
 */
export function storageOf(
  { transferSyntaxUid, bitsAllocated }: PixelDescription,
  { sopClassUid, format }: { readonly sopClassUid: string; readonly format: LosslessStorageFormat },
): Storage {
  const known = transferSyntaxUid.startsWith(root)
    ? transferSyntaxes[transferSyntaxUid.slice(root.length)]
    : undefined;
  if (!known) return { as: 'unknown' };
  const isBinarySegmentation =
    transferSyntaxUid === explicitLittleEndian && sopClassUid === segmentation && bitsAllocated === 1;
  return known.kept || isBinarySegmentation
    ? { as: 'kept' }
    : { as: 'transcoded', to: storageFormats[format] };
}

/** The media type of a frame as GetImageFrame names it (API reference, GetImageFrame, `contentType`). */
export function mediaTypeOf(uid: string): string {
  const coding = codingOf(uid);
  switch (coding) {
    case 'jpeg':
      // AWS names it for 4.50 alone; a frame of 4.51 that could not be transcoded is a JPEG too, but not listed.
      return uid === `${root}.4.50` ? 'image/jpeg' : octets;
    case 'jpeg2000':
      return uid === `${root}.4.90` || uid === `${root}.4.91` ? 'image/j2c' : octets;
    case 'htj2k':
      return uid === `${root}.4.203` ? 'image/jphc' : 'image/jph';
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
