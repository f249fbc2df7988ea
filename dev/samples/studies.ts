/** The content of the samples: two synthetic patients, and three series of slices through a phantom. */
import { createHash } from 'node:crypto';
import { dicomFile, type Element } from './dicom-file.ts';
import { orientation, origin, type Plane, slice } from './phantom.ts';

export interface Patient {
  readonly id: string;
  readonly familyName: string;
  readonly givenName: string;
  /** yyyy-mm-dd. */
  readonly birthDate: string;
  readonly sex: 'female' | 'male';
}

export interface Study {
  readonly uid: string;
  readonly patient: Patient;
  readonly description: string;
  /** yyyy-mm-dd. */
  readonly date: string;
  readonly series: readonly Series[];
}

export interface Series {
  readonly uid: string;
  readonly number: number;
  readonly description: string;
  readonly kind: Kind;
  readonly plane: Plane;
  readonly size: number;
  readonly instances: readonly Instance[];
}

export interface Instance {
  readonly uid: string;
  readonly number: number;
}

/** A kind of image: the conversion of densities to pixels, and the elements that its SOP class requires. */
export interface Kind {
  readonly sopClassUid: string;
  readonly modality: string;
  readonly bits: 8 | 16;
  readonly pixel: (density: number) => number;
  readonly elements: readonly Element[];
}

const computedTomography: Kind = {
  sopClassUid: '1.2.840.10008.5.1.4.1.1.2',
  modality: 'CT',
  bits: 16,
  pixel: (density) => density + 1024,
  elements: [
    ['00080008', 'CS', ['ORIGINAL', 'PRIMARY', 'AXIAL']],
    ['00180060', 'DS', '120'],
    ['00281050', 'DS', '40'],
    ['00281051', 'DS', '120'],
    ['00281052', 'DS', '-1024'],
    ['00281053', 'DS', '1'],
    ['00281054', 'LO', 'HU'],
  ],
};

const secondaryCapture: Kind = {
  sopClassUid: '1.2.840.10008.5.1.4.1.1.7',
  modality: 'OT',
  bits: 8,
  pixel: (density) => Math.max(0, Math.min(255, density + 80)),
  elements: [
    ['00080008', 'CS', ['DERIVED', 'SECONDARY']],
    ['00080064', 'CS', 'WSD'],
  ],
};

const anna: Patient = {
  id: 'SYNTHETIC-0001',
  familyName: 'Synthetic',
  givenName: 'Anna',
  birthDate: '1970-01-01',
  sex: 'female',
};

const ben: Patient = {
  id: 'SYNTHETIC-0002',
  familyName: 'Synthetic',
  givenName: 'Ben',
  birthDate: '1980-02-02',
  sex: 'male',
};

/** The same seed gives the same UIDs. Studies of different seeds can be in one data store. */
export function sampleStudies(seed: string): readonly [head: Study, followUp: Study] {
  const uid = (path: string) => uidFrom(`${seed}/${path}`);
  const series = (path: string, count: number, of: Omit<Series, 'uid' | 'instances'>): Series => ({
    ...of,
    uid: uid(path),
    instances: Array.from({ length: count }, (_, index) => ({
      uid: uid(`${path}/${index + 1}`),
      number: index + 1,
    })),
  });
  return [
    {
      uid: uid('head'),
      patient: anna,
      description: 'Head without contrast',
      date: '2026-01-15',
      series: [
        series('head/axial', 5, {
          number: 1,
          description: 'Axial',
          kind: computedTomography,
          plane: 'axial',
          size: 128,
        }),
        series('head/coronal', 4, {
          number: 2,
          description: 'Coronal',
          kind: computedTomography,
          plane: 'coronal',
          size: 96,
        }),
      ],
    },
    {
      uid: uid('follow-up'),
      patient: ben,
      description: 'Captured images',
      date: '2026-02-20',
      series: [
        series('follow-up/sagittal', 2, {
          number: 1,
          description: 'Sagittal',
          kind: secondaryCapture,
          plane: 'sagittal',
          size: 64,
        }),
      ],
    },
  ];
}

/** A UID that needs no registration: 2.25 and 128 bits as a decimal number (PS3.5 §B.2). */
function uidFrom(text: string): string {
  return `2.25.${BigInt(`0x${createHash('sha256').update(text).digest('hex').slice(0, 32)}`)}`;
}

/** The DICOM file of one instance. */
export function instanceFile(study: Study, series: Series, instance: Instance): Buffer {
  const elements = [
    ...studyElements(study),
    ...series.kind.elements,
    ...seriesElements(series),
    ...imageElements(study, series, instance),
  ];
  return dicomFile(series.kind.sopClassUid, instance.uid, elements);
}

function studyElements({ uid, patient, description, date }: Study): Element[] {
  return [
    ['00080020', 'DA', compact(date)],
    ['00080030', 'TM', '093000'],
    ['00080050', 'SH', `ACC${compact(date)}`],
    ['00080070', 'LO', 'aws-health-workflows'],
    ['00080090', 'PN', ''],
    ['00081030', 'LO', description],
    ['00100010', 'PN', `${patient.familyName}^${patient.givenName}`],
    ['00100020', 'LO', patient.id],
    ['00100030', 'DA', compact(patient.birthDate)],
    ['00100040', 'CS', patient.sex === 'female' ? 'F' : 'M'],
    ['0020000D', 'UI', uid],
    ['00200010', 'SH', '1'],
  ];
}

function seriesElements({ uid, number, description, kind }: Series): Element[] {
  return [
    ['00080060', 'CS', kind.modality],
    ['0008103E', 'LO', description],
    ['0020000E', 'UI', uid],
    ['00200011', 'IS', String(number)],
  ];
}

/** The phantom's cube has an edge of 240 mm. */
const halfEdge = 120;

function imageElements(
  study: Study,
  { kind, plane, size, instances }: Series,
  { number }: Instance,
): Element[] {
  const depth = (2 * number) / (instances.length + 1) - 1;
  const millimetres = origin(plane, depth, size).map((share) => (share * halfEdge).toFixed(3));
  const spacing = String((2 * halfEdge) / size);
  const pixels = slice(plane, depth, size).map(kind.pixel);
  return [
    ['00180050', 'DS', '2'],
    ['00185100', 'CS', 'HFS'],
    ['00200012', 'IS', '1'],
    ['00200013', 'IS', String(number)],
    ['00200032', 'DS', millimetres],
    ['00200037', 'DS', orientation[plane].map(String)],
    ['00200052', 'UI', `${study.uid}.1`],
    ['00201040', 'LO', ''],
    ['00280002', 'US', 1],
    ['00280004', 'CS', 'MONOCHROME2'],
    ['00280010', 'US', size],
    ['00280011', 'US', size],
    ['00280030', 'DS', [spacing, spacing]],
    ['00280100', 'US', kind.bits],
    ['00280101', 'US', kind.bits],
    ['00280102', 'US', kind.bits - 1],
    ['00280103', 'US', 0],
    ['7FE00010', 'OW', Buffer.from((kind.bits === 8 ? Uint8Array : Uint16Array).from(pixels).buffer)],
  ];
}

const compact = (date: string): string => date.replaceAll('-', '');
