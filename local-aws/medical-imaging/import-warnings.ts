import type { AttributeReader } from './dicom/attributes.ts';
import type { FrameProblem } from './dicom/frames.ts';
import type { PixelData } from './dicom/pixel-data.ts';

/** Why a file was imported with a warning, as `warning.ndjson` has it (HealthImaging developer guide, "Warning codes"). */
export interface ImportWarning {
  readonly warning_reason_code: number;
  readonly type: string;
  readonly message: string;
}

const pixelDataWarnings: Readonly<Record<FrameProblem, ImportWarning>> = {
  FramesExtractionFailure: {
    warning_reason_code: 45328,
    type: 'FramesExtractionFailure',
    message: 'Pixel data was malformed and cannot be retrieved',
  },
  FrameNumberMismatch: {
    warning_reason_code: 45329,
    type: 'FrameNumberMismatch',
    message: 'NumberOfFrames does not match the number of fragments in the pixel data',
  },
  InvalidOffsetTable: {
    warning_reason_code: 45330,
    type: 'InvalidOffsetTable',
    message: 'The offset table does not match the fragments of the pixel data',
  },
};

const frameStorageWarnings = {
  TranscodingException: {
    warning_reason_code: 45312,
    type: 'TranscodingException',
    message: 'Pixel data may still be retrievable as a single blob if required',
  },
  UnsupportedTransferSyntax: {
    warning_reason_code: 45344,
    type: 'UnsupportedTransferSyntax',
    message: 'Pixel data may still be retrievable as a single blob if required',
  },
} as const;

const INVALID_UID_FORMAT: ImportWarning = {
  warning_reason_code: 45570,
  type: 'InvalidUidFormat',
  message: 'One or more UID elements violate the DICOM Value Representation',
};

const INVALID_VALUE_LENGTH: ImportWarning = {
  warning_reason_code: 45571,
  type: 'InvalidDicomValueLength',
  message: 'One or more elements are longer than their DICOM Value Representation supports',
};

/** What the service would warn of in an instance: its pixel data, and values that break their VR. */
export function importWarnings(reader: AttributeReader, pixelData: PixelData | undefined): ImportWarning[] {
  return [
    ...(pixelData?.problem ? [pixelDataWarnings[pixelData.problem]] : []),
    ...(reader.hasInvalidUid ? [INVALID_UID_FORMAT] : []),
    ...(reader.hasTooLongValue ? [INVALID_VALUE_LENGTH] : []),
  ];
}

/** Why the service stores the frames of an instance as they came, and warns of it. */
export type FrameStorageProblem = keyof typeof frameStorageWarnings;

/** What the service would warn of in keeping the frames of an instance. */
export const frameWarnings = (problem: FrameStorageProblem | undefined): ImportWarning[] =>
  problem ? [frameStorageWarnings[problem]] : [];
