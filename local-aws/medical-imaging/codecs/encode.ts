import type { PixelDescription } from '../dicom/pixel-description.ts';
import { CannotTranscode } from './cannot-transcode.ts';
import { codecs } from './codecs.ts';
import { codingOf, EXPLICIT_LITTLE_ENDIAN } from '../dicom/transfer-syntaxes.ts';

const RPCL = 2;

/**
 * Encodes a frame without loss.
 *
 * @param pixels - as `decode` returns them
 * @param to - UID of the transfer syntax: HTJ2K with RPCL (4.202), JPEG 2000 Lossless (4.90) or Explicit VR Little Endian,
 *   which needs no encoding
 * @throws CannotTranscode for other syntaxes, and whatever the codec throws
 */
export async function encode(
  pixels: Uint8Array,
  description: PixelDescription,
  to: string,
): Promise<Uint8Array> {
  if (to === EXPLICIT_LITTLE_ENDIAN) return pixels;
  const { rows, columns } = description;
  const coding = codingOf(to);
  if (coding === 'htj2k') {
    const { HTJ2KEncoder } = await codecs.openjph();
    const encoder = new HTJ2KEncoder();
    return encodeWith(encoder, pixels, description, () => {
      encoder.setDecompositions(decompositionsOf(description, coding));
      encoder.setQuality(true, 0);
      // PS3.5 section 10.18 requires for 4.202: RPCL, a base resolution of 64 or less, and the lengths of the tile-parts, from
      // which a client knows where each resolution ends.
      encoder.setTLMMarker(true);
      encoder.setTilePartDivisionsAtResolutions(true);
    });
  }
  if (coding === 'jpeg2000') {
    const { J2KEncoder } = await codecs.openjpeg();
    const encoder = new J2KEncoder();
    return encodeWith(encoder, pixels, description, () => {
      encoder.setDecompositions(decompositionsOf(description, coding));
      encoder.setQuality(true, 1);
      encoder.setCompressionRatio(0, 0);
    });
  }
  throw new CannotTranscode(`${rows} × ${columns} pixels cannot be encoded as ${to}`);
}

function encodeWith(
  encoder: WasmEncoder,
  pixels: Uint8Array,
  description: PixelDescription,
  configure: () => void,
): Uint8Array {
  try {
    encoder.getDecodedBuffer(frameInfoOf(description)).set(pixels);
    encoder.setProgressionOrder(RPCL);
    configure();
    encoder.encode();
    // A copy, because the result is a view of the encoder's memory, which `delete` frees.
    return Uint8Array.from(encoder.getEncodedBuffer());
  } finally {
    encoder.delete();
  }
}

/**
 * The parameters with which OpenJPEG decodes the same pixels that were encoded. The precision is that of BitsAllocated: pixels
 * may have bits above BitsStored (overlays, padding values), which a smaller precision would cut off or wrap. Both encoders read
 * 8-bit samples as unsigned. Without the colour transform the HTJ2K encoder writes the rows of all three components into the
 * place of one.
 */
function frameInfoOf(description: PixelDescription): FrameInfo {
  const { rows, columns, samplesPerPixel, bitsAllocated, pixelRepresentation } = description;
  return {
    width: columns,
    height: rows,
    componentCount: samplesPerPixel,
    bitsPerSample: bitsAllocated,
    isSigned: bitsAllocated > 8 && pixelRepresentation === 1,
    isUsingColorTransform: samplesPerPixel > 1,
  };
}

/**
 * Levels of the wavelet transform: enough to reduce the base resolution to 64 pixels. HTJ2K needs at least one: without it,
 * OpenJPEG decodes the smallest possible value (0 of unsigned samples) as a different one. For JPEG 2000 the shorter side limits
 * the number, because OpenJPEG refuses to halve a side of one pixel when it encodes.
 */
function decompositionsOf({ rows, columns }: PixelDescription, coding: 'htj2k' | 'jpeg2000'): number {
  const wanted = Math.ceil(Math.log2(Math.max(rows, columns) / 64));
  const possible = Math.floor(Math.log2(Math.min(rows, columns)));
  return coding === 'htj2k' ? Math.max(1, wanted) : Math.max(0, Math.min(wanted, possible));
}
