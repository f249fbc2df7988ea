/**
 * Which level of the image set metadata a DICOM attribute belongs to, after the modules of DICOM PS3.3: Patient; General
 * Study and Patient Study; General Series, Equipment and Frame of Reference. Everything else describes one instance.
 */
export type Level = 'patient' | 'study' | 'series' | 'instance';

const levels: ReadonlyMap<string, Level> = new Map([
  ...words(
    'patient',
    `PatientName PatientID IssuerOfPatientID PatientBirthDate PatientBirthTime PatientSex OtherPatientIDs
     OtherPatientNames EthnicGroup PatientComments PatientSpeciesDescription PatientIdentityRemoved
     DeidentificationMethod QualityControlSubject TypeOfPatientID`,
  ),
  ...words(
    'study',
    `StudyInstanceUID StudyDate StudyTime StudyID AccessionNumber ReferringPhysicianName StudyDescription
     PhysiciansOfRecord NameOfPhysiciansReadingStudy ConsultingPhysicianName AdmittingDiagnosesDescription PatientAge
     PatientSize PatientWeight Occupation AdditionalPatientHistory AdmissionID PregnancyStatus PatientState
     ReasonForVisit MedicalAlerts Allergies SmokingStatus`,
  ),
  ...words(
    'series',
    `SeriesInstanceUID Modality SeriesNumber SeriesDate SeriesTime SeriesDescription Laterality BodyPartExamined
     PatientPosition ProtocolName OperatorsName PerformingPhysicianName PerformedProcedureStepID
     PerformedProcedureStepStartDate PerformedProcedureStepStartTime PerformedProcedureStepDescription
     FrameOfReferenceUID PositionReferenceIndicator Manufacturer InstitutionName InstitutionAddress StationName
     InstitutionalDepartmentName ManufacturerModelName DeviceSerialNumber SoftwareVersions`,
  ),
]);

export const levelOf = (keyword: string): Level => levels.get(keyword) ?? 'instance';

function words(level: Level, keywords: string): [string, Level][] {
  return keywords
    .trim()
    .split(/\s+/)
    .map((keyword) => [keyword, level]);
}
