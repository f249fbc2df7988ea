/** The Image Pixel Module of an instance (PS3.3 section C.7.6.3): what the bytes of a frame mean. */
export interface PixelDescription {
  /** Of the file as it was imported. */
  readonly transferSyntaxUid: string;
  readonly rows: number;
  readonly columns: number;
  readonly samplesPerPixel: number;
  readonly bitsAllocated: number;
  readonly bitsStored: number;
  readonly highBit: number;
  /** 0: unsigned, 1: two's complement. */
  readonly pixelRepresentation: 0 | 1;
  /** 0: R1G1B1R2G2B2…, 1: R1R2…G1G2…B1B2… */
  readonly planarConfiguration: 0 | 1;
  readonly photometricInterpretation: string;
  readonly numberOfFrames: number;
  /** Words of native pixel data are big endian. */
  readonly bigEndian: boolean;
  /** VR of the pixel data: whether `bigEndian` swaps words (OW) or nothing (OB). */
  readonly vr: string;
}

/** One frame as it is encoded in the file: native pixels without padding, a compressed frame, or a whole video. */
export interface StoredFrame {
  readonly length: number;
  /** Reads the frame; the file must still be open. The bytes are the caller's own. */
  read(): Buffer;
}

/** The pixel data of an instance. */
export interface PixelData {
  readonly description: PixelDescription;
  /** None where they cannot be had; then the instance has a warning. */
  readonly frames: readonly StoredFrame[];
}
