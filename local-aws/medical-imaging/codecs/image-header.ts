import { CannotTranscode } from './cannot-transcode.ts';

/** What an encoded frame says of its image. */
export interface ImageHeader {
  /** Bits of a sample. */
  readonly precision: number;
  readonly rows: number;
  readonly columns: number;
  readonly components: number;
}

/**
 * Reads the frame header of a JPEG, JPEG lossless or JPEG-LS stream (SOFn, ISO/IEC 10918-1 section B.2.2).
 *
 * @throws CannotTranscode when there is none
 */
export function jpegHeader(bytes: Uint8Array): ImageHeader {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  for (let at = 2; at + 10 <= bytes.length;) {
    const [mark, code = 0] = [bytes[at], bytes[at + 1]];
    if (mark !== 0xff) break;
    if (isFrameHeader(code)) {
      return {
        precision: view.getUint8(at + 4),
        rows: view.getUint16(at + 5),
        columns: view.getUint16(at + 7),
        components: view.getUint8(at + 9),
      };
    }
    // 0xff may be repeated before a marker.
    at += code === 0xff ? 1 : 2 + view.getUint16(at + 2);
  }
  throw new CannotTranscode('the JPEG stream has no frame header');
}

/** SOF0 to SOF15 without DHT, JPG and DAC, which have codes among them; SOF55 is that of JPEG-LS. */
const isFrameHeader = (code: number) =>
  (code >= 0xc0 && code <= 0xcf && ![0xc4, 0xc8, 0xcc].includes(code)) || code === 0xf7;

/** SOC and SIZ, with which each codestream begins, also inside the JP2 container that some files have against PS3.5 A.4.4. */
const codestream = Buffer.from([0xff, 0x4f, 0xff, 0x51]);

/**
 * Reads the image and tile size of a JPEG 2000 or HTJ2K codestream (SIZ, ISO/IEC 15444-1 section A.5.1).
 *
 * @throws CannotTranscode when there is none, and when its components differ in size or precision
 */
export function j2kHeader(bytes: Uint8Array): ImageHeader {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const siz = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).indexOf(codestream) + 4;
  const components = siz >= 4 && siz + 38 <= bytes.length ? view.getUint16(siz + 36) : 0;
  if (components === 0 || siz + 38 + components * 3 > bytes.length) {
    throw new CannotTranscode('the JPEG 2000 stream has no image size');
  }
  const each = Array.from({ length: components }, (_, i) => view.getUint32(siz + 37 + i * 3) & 0xffffff);
  const [first = 0] = each;
  if (each.some((other) => other !== first) || (first & 0xffff) !== 0x0101) {
    throw new CannotTranscode('the components of the JPEG 2000 stream differ or are subsampled');
  }
  return {
    precision: ((first >> 16) & 0x7f) + 1,
    rows: view.getUint32(siz + 8) - view.getUint32(siz + 16),
    columns: view.getUint32(siz + 4) - view.getUint32(siz + 12),
    components,
  };
}
