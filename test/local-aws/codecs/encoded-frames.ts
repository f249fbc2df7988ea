import { readFileSync } from 'node:fs';
import path from 'node:path';
import type { PixelDescription } from '../../../local-aws/medical-imaging/dicom/pixel-description.ts';

/** A frame by an encoder that the local AWS does not use, with the pixels that it holds: see `encoded-frames.py`. */
export interface EncodedFrame {
  readonly name: string;
  readonly description: PixelDescription;
  readonly frame: Buffer;
  readonly pixels: Buffer;
  readonly min: number;
  readonly max: number;
}

interface Written extends Pick<
  PixelDescription,
  | 'transferSyntaxUid'
  | 'rows'
  | 'columns'
  | 'samplesPerPixel'
  | 'bitsAllocated'
  | 'bitsStored'
  | 'pixelRepresentation'
> {
  readonly frame: string;
  readonly pixels: string;
  readonly min: number;
  readonly max: number;
}

const written: readonly Written[] = JSON.parse(
  readFileSync(path.join(import.meta.dirname, 'encoded-frames.json'), 'utf8'),
);

export const encodedFrames: readonly EncodedFrame[] = written.map(
  ({ frame, pixels, min, max, ...written }, i) => {
    const { transferSyntaxUid, samplesPerPixel, bitsAllocated, bitsStored, pixelRepresentation } = written;
    const sign = pixelRepresentation === 1 ? 'signed' : 'unsigned';
    return {
      name: `${i}: ${transferSyntaxUid}, ${samplesPerPixel} × ${bitsStored} of ${bitsAllocated} bit, ${sign}`,
      description: pixelsOf(written),
      frame: Buffer.from(frame, 'base64'),
      pixels: Buffer.from(pixels, 'base64'),
      min,
      max,
    };
  },
);

/** A description of pixels that says what is usual where nothing else is said. */
export function pixelsOf(
  pixels: Partial<PixelDescription> & Pick<PixelDescription, 'rows' | 'columns'>,
): PixelDescription {
  const { bitsAllocated = 16, samplesPerPixel = 1 } = pixels;
  const { bitsStored = bitsAllocated } = pixels;
  return {
    transferSyntaxUid: '1.2.840.10008.1.2.1',
    samplesPerPixel,
    bitsAllocated,
    bitsStored,
    highBit: bitsStored - 1,
    pixelRepresentation: 0,
    planarConfiguration: 0,
    photometricInterpretation: samplesPerPixel === 3 ? 'RGB' : 'MONOCHROME2',
    numberOfFrames: 1,
    vr: 'OW',
    bigEndian: false,
    encapsulated: false,
    ...pixels,
  };
}
