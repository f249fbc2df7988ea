import type { FhirResource } from './fhir.ts';

const patients = ['ada', 'grace', 'alan'];

/** What a data store holds that was created with PreloadDataConfig SYNTHEA: a few people who never were. */
export const syntheaResources: readonly FhirResource[] = patients.flatMap((name, i) => {
  const subject = { reference: `Patient/synthea-${name}` };
  const encounter = { reference: `Encounter/synthea-${name}` };
  const day = `2024-0${i + 1}-15`;
  return [
    {
      resourceType: 'Patient',
      name: [{ family: `Synthea${i + 1}`, given: [name] }],
      birthDate: `19${50 + i}-01-01`,
    },
    {
      resourceType: 'Encounter',
      status: 'finished',
      class: { system: 'http://terminology.hl7.org/CodeSystem/v3-ActCode', code: 'AMB' },
      subject,
      period: { start: day, end: day },
    },
    {
      resourceType: 'Condition',
      code: { coding: [{ system: 'http://snomed.info/sct', code: '38341003', display: 'Hypertension' }] },
      subject,
      encounter,
    },
    {
      resourceType: 'Observation',
      status: 'final',
      code: { coding: [{ system: 'http://loinc.org', code: '8867-4', display: 'Heart rate' }] },
      subject,
      encounter,
      effectiveDateTime: day,
      valueQuantity: { value: 60 + i, unit: '/min' },
    },
  ].map(({ resourceType, ...content }) => {
    const id = `synthea-${name}`;
    return { resourceType, id, json: JSON.stringify({ resourceType, id, ...content }) };
  });
});
