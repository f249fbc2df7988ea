import type { DataSet, Element } from './data-set.ts';
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

/** @param element - the one that holds the pixel data of the data set */
export function describePixels(
  dataSet: DataSet,
  element: Element,
  transferSyntaxUid: string,
): PixelDescription {
  const bitsAllocated = numberOf(dataSet, 0x00280100) ?? 0;
  const bitsStored = numberOf(dataSet, 0x00280101) ?? bitsAllocated;
  return {
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
}
