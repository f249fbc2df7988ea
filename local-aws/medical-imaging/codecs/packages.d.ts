/** The parts of the codecs that are used here; the packages ship no types. */

interface FrameInfo {
  width: number;
  height: number;
  bitsPerSample: number;
  componentCount: number;
  isSigned: boolean;
  /** Of the HTJ2K encoder only. */
  isUsingColorTransform?: boolean;
}

/** An object in WebAssembly memory. */
interface WasmObject {
  delete(): void;
}

interface WasmDecoder extends WasmObject {
  /** A view of memory to put the encoded frame into. */
  getEncodedBuffer(length: number): Uint8Array;
  decode(): void;
  getFrameInfo(): FrameInfo;
  getDecodedBuffer(): Uint8Array | Uint8ClampedArray;
}

interface WasmEncoder extends WasmObject {
  /** A view of memory to put the pixels into. */
  getDecodedBuffer(frame: FrameInfo): Uint8Array;
  /** 2: RPCL. */
  setProgressionOrder(order: number): void;
  setDecompositions(levels: number): void;
  encode(): void;
  getEncodedBuffer(): Uint8Array;
}

declare module '@cornerstonejs/codec-openjph' {
  export default function load(): Promise<{
    HTJ2KDecoder: new () => WasmDecoder & { readHeader(): void };
    HTJ2KEncoder: new () => WasmEncoder & {
      setQuality(lossless: boolean, quantizationStep: number): void;
      setTLMMarker(present: boolean): void;
      setTilePartDivisionsAtResolutions(divided: boolean): void;
    };
  }>;
}

declare module '@cornerstonejs/codec-openjpeg/wasmjs' {
  export default function load(options?: { print(text: string): void }): Promise<{
    J2KDecoder: new () => WasmDecoder;
    J2KEncoder: new () => WasmEncoder & {
      setQuality(lossless: boolean, layers: number): void;
      setCompressionRatio(layer: number, ratio: number): void;
    };
  }>;
}

declare module '@cornerstonejs/codec-charls/decodewasmjs' {
  export default function load(): Promise<{
    /** 0: R1R2…G1G2…B1B2…, 1 and 2: R1G1B1… */
    JpegLSDecoder: new () => WasmDecoder & { getInterleaveMode(): number };
  }>;
}

declare module '@cornerstonejs/codec-libjpeg-turbo-8bit/decodewasmjs' {
  export default function load(): Promise<{ JPEGDecoder: new () => WasmDecoder }>;
}

declare module 'jpeg-lossless-decoder-js' {
  export class Decoder {
    decode(
      buffer: ArrayBuffer,
      offset: number,
      length: number,
      bytesPerSample: number,
    ): Uint8Array | Uint16Array | null;
  }
}
