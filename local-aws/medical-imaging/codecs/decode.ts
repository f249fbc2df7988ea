import { Decoder as JpegLosslessDecoder } from 'jpeg-lossless-decoder-js';
import type { PixelDescription } from '../dicom/pixel-description.ts';
import { CannotTranscode } from './cannot-transcode.ts';
import { codecs } from './codecs.ts';
import { j2kHeader, jpegHeader, type ImageHeader } from './image-header.ts';
import { conformed, frameSize, interleaved, nativePixels } from './pixels.ts';
import { decodeRle } from './rle.ts';
import { codingOf } from '../dicom/transfer-syntaxes.ts';

/**
 * Decodes a frame.
 *
 * @param frame - as it stands in the file
 * @returns the pixels: little endian, the samples of a pixel next to each other, in as many bytes as BitsAllocated says
 * @throws CannotTranscode for what no codec here reads, and whatever a codec throws at malformed data
 */
export async function decode(frame: Uint8Array, description: PixelDescription): Promise<Uint8Array> {
  frameSize(description);
  const coding = codingOf(description.transferSyntaxUid);
  switch (coding) {
    case 'native':
      return nativePixels(frame, description);
    case 'rle':
      return decodeRle(frame, description);
    case 'jpeg':
      return decodeJpeg(frame, description);
    case 'jpegLossless':
      return decodeJpegLossless(frame, description);
    case 'jpegLs':
      return decodeJpegLs(frame, description);
    case 'jpeg2000': {
      const header = checked(frame, j2kHeader(frame), description);
      const { J2KDecoder } = await codecs.openjpeg();
      return decodeWith(new J2KDecoder(), frame, { header, description });
    }
    case 'htj2k': {
      const header = checked(frame, j2kHeader(frame), description);
      const { HTJ2KDecoder } = await codecs.openjph();
      return decodeWith(new HTJ2KDecoder(), frame, { header, description });
    }
    case 'jpegXl':
    case 'mpeg2':
    case 'mpeg4':
    case undefined:
  }
  throw new CannotTranscode('there is no decoder for the transfer syntax');
}

/** Lossy JPEG of 8 bit. The 12 bit of process 4 need another build of the library, which npm does not have. */
async function decodeJpeg(frame: Uint8Array, description: PixelDescription): Promise<Uint8Array> {
  const header = checked(frame, jpegHeader(frame), description);
  if (header.precision !== 8) throw new CannotTranscode('there is no decoder for lossy JPEG of 12 bit');
  const { JPEGDecoder } = await codecs.libjpeg();
  return decodeWith(new JPEGDecoder(), frame, { header, description });
}

function decodeJpegLossless(frame: Uint8Array, description: PixelDescription): Uint8Array {
  const { precision } = checked(frame, jpegHeader(frame), description);
  const own = new Uint8Array(frame);
  const samples = new JpegLosslessDecoder().decode(own.buffer, 0, own.length, precision > 8 ? 2 : 1);
  if (!samples) throw new CannotTranscode('the decoder gave no pixels');
  const { buffer, byteOffset, byteLength } = samples;
  return conformed(new Uint8Array(buffer, byteOffset, byteLength), precision, description);
}

async function decodeJpegLs(frame: Uint8Array, description: PixelDescription): Promise<Uint8Array> {
  const header = checked(frame, jpegHeader(frame), description);
  const { JpegLSDecoder } = await codecs.charls();
  const decoder = new JpegLSDecoder();
  return decodeWith(decoder, frame, {
    header,
    description,
    arrange: (samples) =>
      header.components > 1 && decoder.getInterleaveMode() === 0
        ? interleaved(samples, header.components)
        : samples,
  });
}

interface Expected {
  readonly header: ImageHeader;
  readonly description: PixelDescription;
  readonly arrange?: (samples: Uint8Array) => Uint8Array;
}

function decodeWith(decoder: WasmDecoder, frame: Uint8Array, expected: Expected): Uint8Array {
  const { header, description, arrange = (samples) => samples } = expected;
  try {
    decoder.getEncodedBuffer(frame.length).set(frame);
    decoder.decode();
    const { width, height } = decoder.getFrameInfo();
    // OpenJPEG reports some malformed streams by an image without pixels and a line on stdout.
    if (width !== header.columns || height !== header.rows)
      throw new CannotTranscode('the decoder gave no pixels');
    // A copy: the view ends with the decoder.
    const samples = Uint8Array.from(decoder.getDecodedBuffer());
    return conformed(arrange(samples), header.precision, description);
  } finally {
    decoder.delete();
  }
}

/**
 * Compares an encoded frame with its data set before a decoder sees it. A decoder allocates what the stream asks for: one of
 * 100 bytes could ask for 8 GB. Of a stream that is cut short some decoders invent the rest, and CharLS never returns.
 *
 * @throws CannotTranscode when they describe different images, and when the stream has no end
 */
function checked(frame: Uint8Array, header: ImageHeader, description: PixelDescription): ImageHeader {
  const { rows, columns, samplesPerPixel, bitsAllocated } = description;
  const same = header.rows === rows && header.columns === columns && header.components === samplesPerPixel;
  if (!same || header.precision > bitsAllocated) {
    throw new CannotTranscode('the encoded frame does not have the pixels that its data set describes');
  }
  if (!hasEnd(frame)) throw new CannotTranscode('the encoded frame is cut short');
  return header;
}

/** JPEG (EOI) and JPEG 2000 (EOC) end with the same marker; a few bytes of padding may follow. */
const hasEnd = (frame: Uint8Array) => Buffer.from(frame.subarray(-16)).includes('ffd9', 0, 'hex');
