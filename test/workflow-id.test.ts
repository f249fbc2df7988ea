import { createHash } from 'node:crypto';
import fc from 'fast-check';
import { documentName } from '../src/lib/document-name.ts';
import { RECURRING_FLOWS } from '../src/input-rules/recurring-import.ts';
import { membersOf } from '../src/input-rules/members.ts';
import { WORKFLOW_NAMES } from '../src/input-rules/workflows.ts';
import { UserError } from '../src/lib/user-error.ts';
import { identifiesInput, readWorkflowIdKey, workflowIdOf } from '../src/temporal/workflow-id.ts';

const json = fc.dictionary(fc.string(), fc.jsonValue());
const KEY = '0123456789abcdef';

describe('the id of a run', () => {
  test('is the same for the same input, however it was written down', () => {
    fc.assert(
      fc.property(json, fc.option(fc.constant(KEY), { nil: undefined }), (input, key) => {
        const reordered = Object.fromEntries(Object.entries(input).toReversed());
        const [one, another] = [input, reordered].map((written) =>
          workflowIdOf('provisionDatastore', written, key),
        );
        expect(another).toBe(one);
      }),
    );
  });

  test('differs for an input that says one thing more', () => {
    fc.assert(
      fc.property(json, fc.jsonValue(), (input, value) => {
        const more = { ...input, 'one thing more': value };
        expect(workflowIdOf('provisionDatastore', more)).not.toBe(workflowIdOf('provisionDatastore', input));
      }),
    );
  });

  test('begins with the name of the document, and is a legal job name', () => {
    expect(workflowIdOf('onboardDatastoreAndImport', {})).toMatch(
      /^onboard-datastore-and-import-[0-9a-f]{16}$/,
    );
    expect(documentName('startImportAndWaitCompleted')).toBe('start-import-and-wait-completed');
  });
});

// What AWS's Smithy models give the trait `smithy.api#sensitive` (DICOMPatientId, DICOMAttribute, CopiableAttributes), and
// the tags of one image set. A new member that may hold patient data belongs here, and needs the mark.
const SENSITIVE: Record<string, string[]> = {
  copyImageSet: ['copiableAttributes'],
  findImageSetByPatient: ['dicomPatientId'],
  tagImageSet: ['tags'],
  updateImageSetMetadata: ['updatableAttributes', 'removableAttributes'],
};

describe('the id of a run whose input may hold patient data', () => {
  const input = { datastoreId: 'd'.repeat(32), dicomPatientId: '4711007' };

  test.each(WORKFLOW_NAMES)('%s: the members that may are marked', (workflow) => {
    const marked = membersOf(workflow).flatMap(({ name, sensitive }) => (sensitive ? [name] : []));
    expect(marked).toEqual(SENSITIVE[workflow] ?? []);
  });

  test('no flow that can recur has such a member: its schedule names the runs', () => {
    expect(RECURRING_FLOWS.filter((flow) => flow in SENSITIVE)).toEqual([]);
  });

  test.each(Object.entries(SENSITIVE))('%s: without a key no hash of the input is in it', (flow, members) => {
    const name = WORKFLOW_NAMES.find((workflow) => workflow === flow) ?? 'recurringImport';
    for (const member of members) {
      const held = { datastoreId: input.datastoreId, [member]: '4711007' };
      const id = workflowIdOf(name, held);
      expect(id).toMatch(/-[0-9a-f]{16}$/);
      const hash = createHash('sha256').update(JSON.stringify(held)).digest('hex');
      expect(id).not.toContain(hash.slice(0, 8));
      expect(workflowIdOf(name, held)).not.toBe(id);
      expect(identifiesInput(name, held)).toBe(false);
      // The other members are still to be recognised by it.
      const digits = /[0-9a-f]{16}$/.exec(id)?.[0] ?? '';
      expect(workflowIdOf(name, { ...held, [member]: '4711008' })).toContain(digits.slice(0, 8));
      expect(workflowIdOf(name, { ...held, datastoreId: 'e'.repeat(32) })).not.toContain(digits.slice(0, 8));
    }
  });

  test('with a key it is an HMAC: the same for the same input, and another for another key', () => {
    const id = workflowIdOf('findImageSetByPatient', input, KEY);
    expect(id).toMatch(/^find-image-set-by-patient-[0-9a-f]{16}$/);
    expect(workflowIdOf('findImageSetByPatient', { ...input }, KEY)).toBe(id);
    expect(workflowIdOf('findImageSetByPatient', input, `${KEY}!`)).not.toBe(id);
    expect(workflowIdOf('findImageSetByPatient', { ...input, dicomPatientId: '4711008' }, KEY)).not.toBe(id);
    expect(identifiesInput('findImageSetByPatient', input, KEY)).toBe(true);
  });

  test('a member that is not given makes nothing random', () => {
    const copy = { datastoreId: input.datastoreId, copiableAttributes: undefined };
    expect(workflowIdOf('copyImageSet', copy)).toBe(
      workflowIdOf('copyImageSet', { datastoreId: copy.datastoreId }),
    );
  });
});

test('a key that could be guessed is refused, and an empty one is none', () => {
  expect(readWorkflowIdKey({})).toBeUndefined();
  expect(readWorkflowIdKey({ WORKFLOW_ID_KEY: '' })).toBeUndefined();
  expect(readWorkflowIdKey({ WORKFLOW_ID_KEY: KEY })).toBe(KEY);
  const tooShort = () => readWorkflowIdKey({ WORKFLOW_ID_KEY: 'radiology' });
  expect(tooShort).toThrow(UserError);
  expect(tooShort).toThrow(/at least 16 characters.*openssl rand/);
  expect(tooShort).not.toThrow(/radiology/);
});
