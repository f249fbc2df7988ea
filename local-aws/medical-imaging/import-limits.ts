import type { Attributes } from './dicom/attributes.ts';
import { NotImportable } from './dicom/not-importable.ts';
import { charactersOf } from './dicom/value-rules.ts';

/** HealthImaging developer guide, "DICOM element constraints": a longer value keeps a file from being imported. */
const maxCharacters: Readonly<Record<string, number>> = {
  PatientName: 256,
  PatientID: 256,
  PatientBirthDate: 18,
  PatientSex: 16,
  StudyInstanceUID: 256,
  StudyID: 256,
  StudyDescription: 256,
  AccessionNumber: 256,
  StudyDate: 18,
  StudyTime: 28,
  SOPInstanceUID: 256,
  SeriesInstanceUID: 256,
};

/** From the same table: these are numbers, and the limit can only be of their value. */
const maxValues: Readonly<Record<string, number>> = {
  NumberOfStudyRelatedSeries: 1_000_000,
  NumberOfStudyRelatedInstances: 1_000_000,
};

/** @throws NotImportable that names the first attribute beyond its limit, and the limit */
export function checkImportLimits(attributes: Attributes): void {
  for (const [keyword, max] of Object.entries(maxCharacters)) {
    const value = attributes[keyword];
    if ((Array.isArray(value) ? value : [value]).some((text) => exceeds(text, max))) {
      throw new NotImportable(`DICOM attribute ${keyword} exceeds the maximum length of ${max}`);
    }
  }
  for (const [keyword, max] of Object.entries(maxValues)) {
    if (Number(attributes[keyword]) > max) {
      throw new NotImportable(`DICOM attribute ${keyword} exceeds the maximum value of ${max}`);
    }
  }
}

const exceeds = (value: unknown, max: number) =>
  typeof value === 'string' && value.length > max && charactersOf(value) > max;
