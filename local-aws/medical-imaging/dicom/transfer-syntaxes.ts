import type { Encoding } from './parser.ts';

/** Implicit VR Little Endian; the UIDs of all other transfer syntaxes begin with this one. */
const ROOT = '1.2.840.10008.1.2';
const IMPLICIT_LITTLE_ENDIAN = ROOT;
export const EXPLICIT_LITTLE_ENDIAN = `${ROOT}.1`;
export const EXPLICIT_BIG_ENDIAN = `${ROOT}.2`;
export const JPEG_2000_LOSSLESS = `${ROOT}.4.90`;

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

/**
 * The codings of the transfer syntaxes that HealthImaging lists (developer guide, `supported-transfer-syntaxes`), by what
 * follows `1.2.840.10008.1.2` in their UIDs.
 */
const codings: Readonly<Record<string, Coding>> = {
  '': 'native',
  '.1': 'native',
  '.1.99': 'native',
  '.2': 'native',
  '.4.50': 'jpeg',
  '.4.51': 'jpeg',
  '.4.57': 'jpegLossless',
  '.4.70': 'jpegLossless',
  '.4.80': 'jpegLs',
  '.4.81': 'jpegLs',
  '.4.90': 'jpeg2000',
  '.4.91': 'jpeg2000',
  '.4.92': 'jpeg2000',
  '.4.93': 'jpeg2000',
  '.4.100': 'mpeg2',
  '.4.100.1': 'mpeg2',
  '.4.101': 'mpeg2',
  '.4.101.1': 'mpeg2',
  '.4.102': 'mpeg4',
  '.4.102.1': 'mpeg4',
  '.4.103': 'mpeg4',
  '.4.103.1': 'mpeg4',
  '.4.104': 'mpeg4',
  '.4.104.1': 'mpeg4',
  '.4.105': 'mpeg4',
  '.4.105.1': 'mpeg4',
  '.4.106': 'mpeg4',
  '.4.106.1': 'mpeg4',
  '.4.107': 'mpeg4',
  '.4.108': 'mpeg4',
  '.4.112': 'jpegXl',
  '.4.201': 'htj2k',
  '.4.202': 'htj2k',
  '.4.203': 'htj2k',
  '.5': 'rle',
};

/** @returns undefined for a transfer syntax that HealthImaging does not list */
export const codingOf = (uid: string): Coding | undefined =>
  uid.startsWith(ROOT) ? codings[uid.slice(ROOT.length)] : undefined;

/** Lossy transfer syntaxes other than videos: the pixels may differ from those of the camera or scanner. */
const lossy = new Set(
  ['.4.50', '.4.51', '.4.81', '.4.91', '.4.93', '.4.112', '.4.203'].map((end) => ROOT + end),
);

/** Whether a transfer syntax is known to be lossless; false for one that HealthImaging does not list. */
export const isLossless = (uid: string) => codingOf(uid) !== undefined && !lossy.has(uid) && !isVideo(uid);

/** In a video all frames are in one stream (PS3.5 sections 8.2.5 to 8.2.9). */
export const isVideo = (uid: string) => ['mpeg2', 'mpeg4'].includes(codingOf(uid) ?? '');

/** Deflated Explicit VR Little Endian, and the JPIP syntaxes that are deflated like it (PS3.5 sections A.5, A.7, A.9). */
const deflated = new Set([`${ROOT}.1.99`, `${ROOT}.4.95`, `${ROOT}.4.205`]);

export const isDeflated = (uid: string) => deflated.has(uid);

/** How the elements of a data set are encoded. All compressed syntaxes are Explicit VR Little Endian (PS3.5 section A.4). */
export function encodingOf(uid: string): Encoding {
  if (uid === IMPLICIT_LITTLE_ENDIAN) return { explicit: false, bigEndian: false };
  return { explicit: true, bigEndian: uid === EXPLICIT_BIG_ENDIAN };
}
