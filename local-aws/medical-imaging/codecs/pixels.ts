import { crc32 } from 'node:zlib';
import type { PixelDescription } from '../dicom/pixel-description.ts';
import { CannotTranscode } from './cannot-transcode.ts';

/**
 * Larger frames are stored as they came. A codec needs several times the size of a frame in WebAssembly memory, which
 * ends at 2 GiB.
 */
const MAX_FRAME_BYTES = 256 * 2 ** 20;

/**
 * The size of a decoded frame in bytes.
 *
 * @throws CannotTranscode for pixels that HTJ2K or its encoder has no place for: the one used here encodes samples of 8 and
 *   16 bit, and colour of 8 bit only
 */
export function frameSize({ rows, columns, samplesPerPixel, bitsAllocated }: PixelDescription): number {
  const possible = samplesPerPixel === 1 ? [8, 16] : samplesPerPixel === 3 ? [8] : [];
  if (!possible.includes(bitsAllocated)) {
    throw new CannotTranscode(
      `${samplesPerPixel} samples of ${bitsAllocated} bits a pixel cannot be transcoded`,
    );
  }
  const size = (rows * columns * samplesPerPixel * bitsAllocated) / 8;
  if (!(size > 0 && size <= MAX_FRAME_BYTES)) throw new CannotTranscode('the frame is empty or too large');
  return size;
}

/**
 * The pixels of a native frame in one form: little endian, the samples of a pixel next to each other.
 *
 * @throws CannotTranscode when the frame has another length than its description says
 */
export function nativePixels(bytes: Uint8Array, description: PixelDescription): Uint8Array {
  if (bytes.length !== frameSize(description)) throw new CannotTranscode('the frame has another length');
  const { bigEndian, vr, bitsAllocated, planarConfiguration, samplesPerPixel } = description;
  // PS3.5 section 7.3: OW is a string of 16-bit words, which big endian turns around even where they hold two pixels.
  const turned = bigEndian && (bitsAllocated === 16 || vr === 'OW');
  const pixels = turned ? swapped(bytes) : bytes;
  return samplesPerPixel > 1 && planarConfiguration === 1 ? interleaved(pixels, samplesPerPixel) : pixels;
}

function swapped(bytes: Uint8Array): Uint8Array {
  if (bytes.length % 2 !== 0) throw new CannotTranscode('the frame ends in the middle of a word');
  return Buffer.from(bytes).swap16();
}

/** R1R2…G1G2…B1B2… to R1G1B1R2G2B2…, samples of 8 bit. */
export function interleaved(planes: Uint8Array, samplesPerPixel: number): Uint8Array {
  const pixels = new Uint8Array(planes.length);
  const plane = planes.length / samplesPerPixel;
  for (let i = 0, to = 0; i < plane; i++) {
    for (let sample = 0; sample < samplesPerPixel; sample++) pixels[to++] = planes[sample * plane + i] ?? 0;
  }
  return pixels;
}

/**
 * The samples that a codec gave, in as many bytes as the data set allocates. A codec stores `precision` bits in the next
 * whole number of bytes; JPEG-LS and JPEG lossless do not know a sign, and some J2K encoders do not say it: as pydicom does,
 * the data set's PixelRepresentation is taken for it.
 *
 * @throws CannotTranscode when the samples do not fit
 */
export function conformed(samples: Uint8Array, precision: number, description: PixelDescription): Uint8Array {
  const { bitsAllocated, pixelRepresentation } = description;
  const size = frameSize(description);
  const count = size / (bitsAllocated / 8);
  const bytesEach = precision > 8 ? 2 : 1;
  if (precision > bitsAllocated || samples.length !== count * bytesEach) {
    throw new CannotTranscode('the encoded frame does not have the pixels that its data set describes');
  }
  if (precision === bitsAllocated) return samples;
  const view = new DataView(samples.buffer, samples.byteOffset, samples.byteLength);
  const unused = 32 - precision;
  const pixels = new Uint8Array(size);
  const out = new DataView(pixels.buffer);
  for (let i = 0; i < count; i++) {
    const bits = (bytesEach === 1 ? view.getUint8(i) : view.getUint16(i * 2, true)) << unused;
    const value = pixelRepresentation === 1 ? bits >> unused : bits >>> unused;
    if (bitsAllocated === 8) out.setInt8(i, value);
    else out.setInt16(i * 2, value, true);
  }
  return pixels;
}

/** What the metadata of an image set say of a frame whose pixels are known. */
export interface PixelFacts {
  /** CRC32 of the pixels. */
  readonly checksum: number;
  /** Smallest and largest sample as it is stored, without the rescaling that the data set describes. */
  readonly min: number;
  readonly max: number;
  readonly size: number;
}

/** @param pixels - in the form of `nativePixels` */
export function factsOf(pixels: Uint8Array, description: PixelDescription): PixelFacts {
  let min = Infinity;
  let max = -Infinity;
  for (const sample of samplesOf(pixels, description)) {
    if (sample < min) min = sample;
    if (sample > max) max = sample;
  }
  return { checksum: crc32(pixels), min, max, size: pixels.length };
}

function samplesOf(pixels: Uint8Array, { bitsAllocated, pixelRepresentation }: PixelDescription) {
  // Typed arrays of 16 bit begin at even offsets only.
  const { buffer, byteOffset, length } =
    bitsAllocated === 16 && pixels.byteOffset % 2 !== 0 ? new Uint8Array(pixels) : pixels;
  if (bitsAllocated === 8) {
    return pixelRepresentation === 1 ? new Int8Array(buffer, byteOffset, length) : pixels;
  }
  return pixelRepresentation === 1
    ? new Int16Array(buffer, byteOffset, length / 2)
    : new Uint16Array(buffer, byteOffset, length / 2);
}
