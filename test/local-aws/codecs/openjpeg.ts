import load from '@cornerstonejs/codec-openjpeg/wasmjs';

/** Decodes JPEG 2000 and HTJ2K with OpenJPEG, which the local AWS does not encode HTJ2K with. */
export async function decodedByOpenJpeg(encoded: Uint8Array): Promise<FrameInfo & { pixels: Buffer }> {
  const { J2KDecoder } = await load({ print() {} });
  const decoder = new J2KDecoder();
  try {
    decoder.getEncodedBuffer(encoded.length).set(encoded);
    decoder.decode();
    return { ...decoder.getFrameInfo(), pixels: Buffer.from(decoder.getDecodedBuffer()) };
  } finally {
    decoder.delete();
  }
}
