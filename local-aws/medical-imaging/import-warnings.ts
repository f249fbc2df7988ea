import type { Elements } from 'dcmjs';
import { numberOf } from './numbers.ts';

/** Why a file was imported with a warning, as `warning.ndjson` has it. (HealthImaging developer guide, "Warning codes".) */
export interface ImportWarning {
  readonly warning_reason_code: number;
  readonly type: string;
  readonly message: string;
}

const FRAMES_EXTRACTION_FAILURE: ImportWarning = {
  warning_reason_code: 45328,
  type: 'FramesExtractionFailure',
  message: 'Pixel data was malformed and cannot be retrieved',
};

const FRAME_NUMBER_MISMATCH: ImportWarning = {
  warning_reason_code: 45329,
  type: 'FrameNumberMismatch',
  message: 'NumberOfFrames does not match the number of fragments in the pixel data',
};

/** In a video all frames are in one stream. (PS3.5, sections 8.2.5 and following.) */
const VIDEO = /^1\.2\.840\.10008\.1\.2\.4\.(100|101|102|103|104|105|106|107|108)/;

/**
 * What the service would warn of in an instance's pixel data.
 *
 * @param buffers - one for each frame of encapsulated pixel data; a single one for all frames of native pixel data
 */
export function pixelDataWarning(
  dict: Elements,
  buffers: readonly ArrayBuffer[],
  transferSyntax: string,
): ImportWarning | undefined {
  const [only] = buffers;
  const frames = Math.max(numberOf(dict, '00280008'), 1);
  if (!only || VIDEO.test(transferSyntax)) return undefined;
  if (isNative(transferSyntax)) {
    return only.byteLength < Math.floor(frameBits(dict) / 8) * frames ? FRAMES_EXTRACTION_FAILURE : undefined;
  }
  return buffers.length < frames ? FRAME_NUMBER_MISMATCH : undefined;
}

/** The transfer syntaxes without compression of pixels: implicit and explicit little endian, deflated, big endian. */
const isNative = (transferSyntax: string) =>
  /^1\.2\.840\.10008\.1\.2(\.1|\.1\.99|\.2)?$/.test(transferSyntax);

function frameBits(dict: Elements): number {
  const [rows, columns, bits] = ['00280010', '00280011', '00280100'].map((tag) => numberOf(dict, tag));
  return (rows ?? 0) * (columns ?? 0) * (bits ?? 0) * Math.max(numberOf(dict, '00280002'), 1);
}
