import type { PixelDescription } from './dicom/pixel-data.ts';

/** Smallest and largest pixel of native 8 and 16 bit data; compressed frames would have to be decoded first. */
export function pixelRange(
  bytes: Buffer,
  { bitsAllocated: bits, pixelRepresentation, encapsulated, bigEndian, vr }: PixelDescription,
): { min: number; max: number } | undefined {
  if ((bits !== 8 && bits !== 16) || encapsulated || bytes.length === 0) return undefined;
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const signed = pixelRepresentation === 1;
  const isLittle = !(bigEndian && vr === 'OW');
  const pixelAt = (offset: number) => {
    if (bits === 8) return signed ? view.getInt8(offset) : view.getUint8(offset);
    return signed ? view.getInt16(offset, isLittle) : view.getUint16(offset, isLittle);
  };
  let min = Infinity;
  let max = -Infinity;
  for (let offset = 0; offset + bits / 8 <= bytes.length; offset += bits / 8) {
    const pixel = pixelAt(offset);
    if (pixel < min) min = pixel;
    if (pixel > max) max = pixel;
  }
  return { min, max };
}
