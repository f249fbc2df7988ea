import { asText } from './dicom/attributes.ts';
import { instancesOf, type Metadata } from './metadata.ts';

/**
 * The attributes of an image set by which SearchImageSets filters and which it returns (API reference, `DICOMTags`). A text is
 * empty if the metadata do not contain the attribute.
 */
export type Summary = ReturnType<typeof summaryOf>;

export function summaryOf(metadata: Metadata) {
  const { Patient, Study } = metadata;
  const [seriesUid = '', series] = Object.entries(Study.Series)[0] ?? [];
  const patient = (keyword: string) => asText(Patient.DICOM[keyword]);
  const study = (keyword: string) => asText(Study.DICOM[keyword]);
  return {
    DICOMPatientId: patient('PatientID'),
    DICOMPatientName: patient('PatientName'),
    DICOMPatientBirthDate: patient('PatientBirthDate'),
    DICOMPatientSex: patient('PatientSex'),
    DICOMStudyInstanceUID: study('StudyInstanceUID'),
    DICOMStudyId: study('StudyID'),
    DICOMStudyDescription: study('StudyDescription'),
    DICOMNumberOfStudyRelatedSeries: Object.keys(Study.Series).length,
    DICOMNumberOfStudyRelatedInstances: Object.keys(instancesOf(metadata)).length,
    DICOMAccessionNumber: study('AccessionNumber'),
    DICOMSeriesInstanceUID: seriesUid,
    DICOMSeriesModality: asText(series?.DICOM['Modality']),
    DICOMSeriesBodyPart: asText(series?.DICOM['BodyPartExamined']),
    DICOMSeriesNumber: Number(asText(series?.DICOM['SeriesNumber'])) || 0,
    DICOMStudyDate: study('StudyDate'),
    DICOMStudyTime: study('StudyTime'),
  };
}
