import type { PixelDescription } from '../dicom/pixel-description.ts';
import { CannotTranscode } from './cannot-transcode.ts';
import { frameSize } from './pixels.ts';

/** Number and offsets of up to 15 segments, 32 bit each (PS3.5 section G.5). */
const HEADER = 64;

/**
 * Decodes a frame of RLE Lossless (PS3.5 annex G). Each segment holds one byte of one sample of all pixels, of a 16-bit
 * sample the high byte first; the result is little endian, the samples of a pixel next to each other.
 *
 * @throws CannotTranscode when segments are missing or too short
 */
export function decodeRle(frame: Uint8Array, description: PixelDescription): Uint8Array {
  const pixels = new Uint8Array(frameSize(description));
  const bytesEach = description.bitsAllocated / 8;
  const segments = description.samplesPerPixel * bytesEach;
  if (frame.length < HEADER) throw new CannotTranscode('the RLE header is cut short');
  const header = new DataView(frame.buffer, frame.byteOffset, HEADER);
  if (header.getUint32(0, true) !== segments) {
    throw new CannotTranscode('the number of RLE segments is not that of the bytes of a pixel');
  }
  for (let segment = 0; segment < segments; segment++) {
    const [from, next] = [segment, segment + 1].map((i) =>
      i < segments ? header.getUint32(4 + i * 4, true) : undefined,
    );
    const sample = Math.floor(segment / bytesEach);
    const first = sample * bytesEach + (bytesEach - 1 - (segment % bytesEach));
    unpack(frame.subarray(from, next), pixels, { first, step: segments });
  }
  return pixels;
}

/** Unpacks a segment (PackBits) into every `step`th byte. What a segment holds beyond the last pixel is padding. */
function unpack(
  packed: Uint8Array,
  pixels: Uint8Array,
  { first, step }: { first: number; step: number },
): void {
  let to = first;
  for (let at = 0; to < pixels.length;) {
    const control = packed[at++];
    if (control === undefined) throw new CannotTranscode('an RLE segment is cut short');
    if (control === 128) continue;
    const repeats = control > 128;
    for (let n = repeats ? 257 - control : control + 1; n > 0 && to < pixels.length; n--, to += step) {
      const byte = packed[repeats ? at : at++];
      if (byte === undefined) throw new CannotTranscode('an RLE segment is cut short');
      pixels[to] = byte;
    }
    if (repeats) at++;
  }
}
