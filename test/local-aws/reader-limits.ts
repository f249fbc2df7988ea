import { defaultSettings } from '../../local-aws/settings.ts';
import type { ReaderLimits } from '../../local-aws/medical-imaging/dicom/file.ts';

/** The limits that an import reads with. */
export const readerLimits: ReaderLimits = {
  maxMetadataBytes: defaultSettings.maxMetadataBytes,
  maxInflatedBytes: defaultSettings.maxInflatedDicomBytes,
};
