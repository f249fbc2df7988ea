import { compileRules } from '../../src/input-rules/ajv.ts';
import { invalid } from '../errors.ts';
import type { Attributes } from './dicom/attributes.ts';
import { keywordEntry } from './dicom/dictionary.ts';
import type { Metadata } from './metadata.ts';
import { levelOf, type Level } from './metadata-levels.ts';

/** The attributes of one level, to set or to remove. */
interface Change {
  readonly DICOM?: Attributes;
  readonly DICOMVRs?: Readonly<Record<string, string>>;
}

/** What `updatableAttributes` and `removableAttributes` hold: the shape of the metadata, with what is to change. */
export interface UpdateDocument {
  readonly Patient?: Change;
  readonly Study?: Change & { readonly Series?: Readonly<Record<string, SeriesChange>> };
}

interface SeriesChange extends Change {
  readonly Instances?: Readonly<Record<string, Change>>;
}

/** An update that the constraints on DICOM metadata do not allow. The message names attributes, never values. */
export class ConstraintBreach extends Error {}

const level = (children: object = {}) => ({
  type: 'object',
  properties: {
    DICOM: { type: 'object' },
    DICOMVRs: { type: 'object', additionalProperties: { type: 'string' } },
    ...children,
  },
  additionalProperties: false,
});
const byUid = (child: object) => ({ type: 'object', additionalProperties: child });
const documentProblems = compileRules({
  type: 'object',
  required: ['SchemaVersion'],
  properties: {
    // AWS's own samples have it both ways.
    SchemaVersion: { enum: [1.1, '1.1'] },
    Patient: level(),
    Study: level({ Series: byUid(level({ Instances: byUid(level()) })) }),
  },
  additionalProperties: false,
});

/** @throws ServiceError ValidationException that quotes nothing: values and UIDs are patient data */
export function readUpdateDocument(member: string, blob: Uint8Array | undefined): UpdateDocument {
  if (!blob) return {};
  let document: unknown;
  try {
    document = JSON.parse(Buffer.from(blob).toString());
  } catch {
    throw invalid(`${member} is not JSON.`);
  }
  if (documentProblems(document).length > 0) {
    throw invalid(`${member} is not of the form {"SchemaVersion":1.1,"Patient":{"DICOM":…},"Study":…}.`);
  }
  return document as UpdateDocument;
}

interface Rules {
  /** The attributes of the document go, whatever values it gives them. */
  readonly removes: boolean;
  readonly force: boolean;
  readonly isPrimary: boolean;
}

/**
 * The metadata with some attributes and instances removed and others set.
 *
 * @throws ConstraintBreach
 */
export function updated(
  metadata: Metadata,
  { removable, updatable }: { removable: UpdateDocument; updatable: UpdateDocument },
  rules: Omit<Rules, 'removes'>,
): Metadata {
  const removed = edited(metadata, removable, { ...rules, removes: true });
  return edited(removed, updatable, { ...rules, removes: false });
}

function edited(metadata: Metadata, { Patient, Study }: UpdateDocument, rules: Rules): Metadata {
  const instances = (change: SeriesChange) => change.Instances ?? {};
  return {
    Patient: editedLevel('patient', metadata.Patient, Patient, rules),
    Study: {
      ...editedLevel('study', metadata.Study, Study, rules),
      Series: editedChildren(metadata.Study.Series, Study?.Series ?? {}, {
        uid: 'SeriesInstanceUID',
        edit: (series, change) => ({
          ...editedLevel('series', series, change, rules),
          Instances: editedChildren(series.Instances, instances(change), {
            uid: 'SOPInstanceUID',
            edit: (instance, change) =>
              isRemoval(change, rules) ? undefined : editedLevel('instance', instance, change, rules),
          }),
        }),
      }),
    },
  };
}

/** `{}` in the place of an instance removes it. */
function isRemoval(change: Change, { removes, force }: Rules): boolean {
  if (!removes || change.DICOM) return false;
  if (!force) throw new ConstraintBreach('To remove an instance needs force.');
  return true;
}

/** Series or instances by UID, those that have a change edited; their key follows their UID. */
function editedChildren<Child extends { readonly DICOM: Attributes }, C extends Change>(
  children: Readonly<Record<string, Child>>,
  changes: Readonly<Record<string, C>>,
  { uid, edit }: { uid: string; edit: (child: Child, change: C) => Child | undefined },
): Record<string, Child> {
  if (Object.keys(changes).some((each) => !Object.hasOwn(children, each))) {
    throw new ConstraintBreach(`A ${uid} is not in the image set.`);
  }
  const entries = Object.entries(children).flatMap(([key, child]): [string, Child][] => {
    const change = Object.hasOwn(changes, key) ? changes[key] : undefined;
    if (!change) return [[key, child]];
    const result = edit(child, change);
    if (!result) return [];
    const own = result.DICOM[uid];
    return [[typeof own === 'string' ? own : key, result]];
  });
  if (entries.length === 0) throw new ConstraintBreach('An image set has at least one instance.');
  if (new Set(entries.map(([key]) => key)).size < entries.length) {
    throw new ConstraintBreach(`Each ${uid} of an image set must be unique.`);
  }
  return Object.fromEntries(entries);
}

function editedLevel<
  L extends { readonly DICOM: Attributes; readonly DICOMVRs?: Readonly<Record<string, string>> },
>(level: Level, before: L, { DICOM = {}, DICOMVRs = {} }: Change = {}, rules: Rules): L {
  for (const [keyword, value] of Object.entries(DICOM)) {
    const breach = breachOf(level, keyword, value, rules);
    if (breach) throw new ConstraintBreach(`${keyword} ${breach}.`);
  }
  const edit = <T>(old: Readonly<Record<string, T>>, change: Readonly<Record<string, T>>) =>
    rules.removes
      ? Object.fromEntries(Object.entries(old).filter(([keyword]) => !Object.hasOwn(DICOM, keyword)))
      : { ...old, ...change };
  return {
    ...before,
    DICOM: edit(before.DICOM, DICOM),
    ...(before.DICOMVRs && { DICOMVRs: edit(before.DICOMVRs, DICOMVRs) }),
  };
}

/** What the service makes itself. */
const generated = new Set(
  `SchemaVersion DatastoreID ImageSetID PixelData Checksum Width Height MinPixelValue MaxPixelValue
   FrameSizeInBytes`.split(/\s+/),
);
const uids = new Set(['StudyInstanceUID', 'SeriesInstanceUID', 'SOPInstanceUID']);

/** Which of the service's constraints a change to one attribute breaks, in its developer guide's order of severity. */
function breachOf(level: Level, keyword: string, value: unknown, rules: Rules): string | undefined {
  if (generated.has(keyword)) return 'is made by the service';
  // Private attributes, which no module lists, belong to instances.
  if (levelOf(keyword) !== level) return `is not an attribute of the ${level} level`;
  if (uids.has(keyword)) {
    if (rules.isPrimary) return 'of a primary image set cannot be changed';
    if (rules.removes || !suits('UI', value) || !value) return 'must be a UID';
  }
  if (rules.force) return undefined;
  if (uids.has(keyword) || keyword === 'StudyID') return 'needs force';
  const standard = keywordEntry(keyword);
  if (!standard) return 'is private or not of the DICOM standard, which needs force';
  if (standard.vr === 'SQ') return 'is a sequence, which needs force';
  if (standard.vm !== '1' || Array.isArray(value)) return 'has several values, which needs force';
  if (!rules.removes && !suits(standard.vr, value))
    return `has a value that is no ${standard.vr}, which needs force`;
  return undefined;
}

const integer = /^[+-]?\d+$/;
const decimal = /^[+-]?\d*\.?\d+(?:[eE][+-]?\d+)?$/;
const shapes: Readonly<Record<string, RegExp>> = {
  AS: /^\d{3}[DWMY]$/,
  CS: /^[A-Z0-9 _]{1,16}$/,
  DA: /^\d{8}$/,
  DS: decimal,
  FD: decimal,
  FL: decimal,
  IS: integer,
  LO: /^[^\\]{1,64}$/,
  SH: /^[^\\]{1,16}$/,
  SL: integer,
  SS: integer,
  TM: /^\d{2}(?:\d{2}(?:\d{2}(?:\.\d{1,6})?)?)?$/,
  UI: /^[\d.]{1,64}$/,
  UL: integer,
  US: integer,
};

/** Whether a value is one of the VR; no value at all is one of every VR. */
function suits(vr: string, value: unknown): boolean {
  if (value === null || value === '') return true;
  const text = typeof value === 'number' ? String(value) : value;
  return typeof text === 'string' && (shapes[vr]?.test(text) ?? true);
}
