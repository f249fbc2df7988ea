/** The same patients and studies as FHIR R4 resources, one per line. */
import type { Patient, Series, Study } from './studies.ts';

interface Resource {
  readonly resourceType: string;
  readonly id?: string;
  readonly [member: string]: unknown;
}

/** The content of each ndjson file by its name. One Observation has no `id`, so HealthLake rejects it. */
export function fhirFiles(studies: readonly Study[]): Readonly<Record<string, string>> {
  const patients = studies.map(({ patient }) => patient);
  const [first] = patients;
  const measured = patients.flatMap((patient) => [
    observation(patient, `${patient.id}-height`, '8302-2', 'Body height', 172, 'cm'),
    observation(patient, `${patient.id}-weight`, '29463-7', 'Body weight', 68, 'kg'),
  ]);
  const withoutId =
    first === undefined ? [] : [observation(first, undefined, '8867-4', 'Heart rate', 61, '/min')];
  return {
    'Patient.ndjson': ndjson(patients.map(fhirPatient)),
    'Observation.ndjson': ndjson([...measured, ...withoutId]),
    'ImagingStudy.ndjson': ndjson(studies.map(imagingStudy)),
  };
}

const ndjson = (resources: readonly Resource[]): string =>
  resources.map((resource) => `${JSON.stringify(resource)}\n`).join('');

const subject = ({ id }: Patient) => ({ reference: `Patient/${id}` });

function fhirPatient({ id, familyName, givenName, birthDate, sex }: Patient): Resource {
  return {
    resourceType: 'Patient',
    id,
    identifier: [{ system: 'urn:aws-health-workflows:synthetic', value: id }],
    name: [{ family: familyName, given: [givenName] }],
    gender: sex,
    birthDate,
  };
}

function observation(
  patient: Patient,
  id: string | undefined,
  loinc: string,
  name: string,
  value: number,
  unit: string,
): Resource {
  return {
    resourceType: 'Observation',
    ...(id === undefined ? {} : { id }),
    status: 'final',
    code: { coding: [{ system: 'http://loinc.org', code: loinc, display: name }] },
    subject: subject(patient),
    effectiveDateTime: '2026-01-15T09:00:00Z',
    valueQuantity: { value, unit, system: 'http://unitsofmeasure.org', code: unit },
  };
}

/** Its identifier is the Study Instance UID, which links the record to the images in HealthImaging. */
function imagingStudy(study: Study): Resource {
  return {
    resourceType: 'ImagingStudy',
    id: `${study.patient.id}-imaging`,
    identifier: [{ system: 'urn:dicom:uid', value: `urn:oid:${study.uid}` }],
    status: 'available',
    subject: subject(study.patient),
    started: `${study.date}T09:30:00Z`,
    description: study.description,
    numberOfSeries: study.series.length,
    numberOfInstances: study.series.flatMap(({ instances }) => instances).length,
    series: study.series.map(imagingSeries),
  };
}

function imagingSeries({ uid, number, description, kind, instances }: Series) {
  return {
    uid,
    number,
    description,
    modality: { system: 'http://dicom.nema.org/resources/ontology/DCM', code: kind.modality },
    numberOfInstances: instances.length,
    instance: instances.map((instance) => ({
      uid: instance.uid,
      number: instance.number,
      sopClass: { system: 'urn:ietf:rfc:3986', code: `urn:oid:${kind.sopClassUid}` },
    })),
  };
}
