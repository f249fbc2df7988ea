import { frameRanges, type FrameRanges } from './frames.ts';
import type { DataSet, Range } from './data-set.ts';
import type { DicomFile } from './file.ts';
import { PIXEL_DATA_TAGS } from './parser.ts';
import { numberOf, textOf, vrOf } from './values.ts';

/** The Image Pixel module of an instance (PS3.3 section C.7.6.3): what the bytes of a frame mean. */
export interface PixelDescription {
  /** Of the file as it was imported. */
  readonly transferSyntaxUid: string;
  /** What the file does not say is 0; samples, frames and bits have the standard's defaults. */
  readonly rows: number;
  readonly columns: number;
  readonly samplesPerPixel: number;
  readonly bitsAllocated: number;
  readonly bitsStored: number;
  readonly highBit: number;
  /** 1: two's complement. */
  readonly pixelRepresentation: 0 | 1;
  /** 0: R1G1B1R2G2B2…, 1: R1R2…G1G2…B1B2… */
  readonly planarConfiguration: 0 | 1;
  readonly photometricInterpretation: string;
  readonly numberOfFrames: number;
  /** `OB`, `OW`, or `OF` and `OD` for FloatPixelData and DoubleFloatPixelData. */
  readonly vr: string;
  /** Each word of native OW pixel data has its high byte first. */
  readonly bigEndian: boolean;
  /** In fragments (PS3.5 section A.4): compressed, but for the encapsulated uncompressed syntax. */
  readonly encapsulated: boolean;
}

/** One frame as it is encoded in the file: native pixels without padding, a compressed frame, or a whole video. */
export interface StoredFrame {
  readonly length: number;
  /** Reads the frame; the file must still be open. The bytes are the caller's own. */
  read(): Buffer;
}

/** The pixel data of an instance; their frames, or why these cannot be had. */
export interface PixelData {
  readonly description: PixelDescription;
  readonly frames: readonly StoredFrame[];
  readonly problem?: Extract<FrameRanges, { problem: string }>['problem'];
}

/**
 * @param maxFrames - more frames than that are refused
 * @returns undefined for an instance without pixel data
 * @throws NotImportable
 */
export function readPixelData(
  { dataSet, transferSyntaxUid }: DicomFile,
  maxFrames: number,
): PixelData | undefined {
  const element = PIXEL_DATA_TAGS.map((tag) => dataSet.elements.get(tag)).find(
    (element) => element !== undefined,
  );
  if (!element) return undefined;
  const bitsAllocated = numberOf(dataSet, 0x00280100) ?? 0;
  const bitsStored = numberOf(dataSet, 0x00280101) ?? bitsAllocated;
  const description: PixelDescription = {
    transferSyntaxUid,
    rows: numberOf(dataSet, 0x00280010) ?? 0,
    columns: numberOf(dataSet, 0x00280011) ?? 0,
    samplesPerPixel: numberOf(dataSet, 0x00280002) ?? 1,
    bitsAllocated,
    bitsStored,
    highBit: numberOf(dataSet, 0x00280102) ?? bitsStored - 1,
    pixelRepresentation: numberOf(dataSet, 0x00280103) === 1 ? 1 : 0,
    planarConfiguration: numberOf(dataSet, 0x00280006) === 1 ? 1 : 0,
    photometricInterpretation: textOf(dataSet, 0x00280004) ?? '',
    numberOfFrames: Math.max(Math.trunc(numberOf(dataSet, 0x00280008) ?? 1), 1),
    vr: vrOf(dataSet, element),
    bigEndian: element.bigEndian,
    encapsulated: element.fragments !== undefined,
  };
  const ranges = frameRanges(dataSet, element, description, maxFrames);
  if ('problem' in ranges) return { description, frames: [], problem: ranges.problem };
  const frames = ranges.frames.map((frame) => storedFrame(dataSet, frame));
  const isEmpty = frames.some(({ length }) => length === 0);
  return isEmpty ? { description, frames: [], problem: 'FramesExtractionFailure' } : { description, frames };
}

/** Where the bits of a frame are: parts of the file, and for pixels of one bit the place in the first byte. */
export interface FrameRange {
  readonly parts: readonly Range[];
  /** Frames of single bits follow each other without padding (PS3.5 section 8.1.1): bits of the first byte to leave out. */
  readonly firstBit?: number;
  readonly bits?: number;
}

function storedFrame(dataSet: DataSet, { parts, firstBit = 0, bits }: FrameRange): StoredFrame {
  const length = bits === undefined ? parts.reduce((sum, part) => sum + part.length, 0) : Math.ceil(bits / 8);
  return {
    length,
    read() {
      const bytes = Buffer.concat(parts.map((part) => dataSet.bytesOf(part)));
      return bits === undefined ? bytes : shifted(bytes, firstBit, bits);
    },
  };
}

/** Bits from a place in the first byte on, the lowest bit of a byte first; what is left of the last byte is 0. */
function shifted(bytes: Buffer, firstBit: number, bits: number): Buffer {
  const result = Buffer.alloc(Math.ceil(bits / 8));
  for (let i = 0; i < result.length; i++) {
    result[i] = ((bytes[i] ?? 0) >>> firstBit) | ((bytes[i + 1] ?? 0) << (8 - firstBit));
  }
  const rest = bits % 8;
  const last = result.at(-1);
  if (rest > 0 && last !== undefined) result[result.length - 1] = last & ((1 << rest) - 1);
  return result;
}
