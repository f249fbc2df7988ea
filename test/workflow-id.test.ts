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

describe('the workflow id of a run', () => {
  test('is the same for the same input, in whatever order its members are written', () => {
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

  test('is different if the input has one more member', () => {
    fc.assert(
      fc.property(json, fc.jsonValue(), (input, value) => {
        const more = { ...input, 'one thing more': value };
        expect(workflowIdOf('provisionDatastore', more)).not.toBe(workflowIdOf('provisionDatastore', input));
      }),
    );
  });

  test('begins with the document name of the flow, and is a valid job name', () => {
    expect(workflowIdOf('onboardDatastoreAndImport', {})).toMatch(
      /^onboard-datastore-and-import-[0-9a-f]{16}$/,
    );
    expect(documentName('startImportAndWaitCompleted')).toBe('start-import-and-wait-completed');
  });
});

// The members with the trait `smithy.api#sensitive` in AWS's Smithy models (DICOMPatientId, DICOMAttribute,
// CopiableAttributes), and the tags of an image set. A new member that may contain patient data must be added here and marked.
const SENSITIVE: Record<string, string[]> = {
  copyImageSet: ['copiableAttributes'],
  findImageSetByPatient: ['dicomPatientId'],
  tagImageSet: ['tags'],
  updateImageSetMetadata: ['updatableAttributes', 'removableAttributes'],
};

describe('the workflow id of a run whose input may contain patient data', () => {
  const input = { datastoreId: 'd'.repeat(32), dicomPatientId: '4711007' };

  test.each(WORKFLOW_NAMES)('%s: the members that may contain it are marked as sensitive', (workflow) => {
    const marked = membersOf(workflow).flatMap(({ name, sensitive }) => (sensitive ? [name] : []));
    expect(marked).toEqual(SENSITIVE[workflow] ?? []);
  });

  test('no flow of a recurring import has such a member, because the schedule sets the ids of its runs', () => {
    expect(RECURRING_FLOWS.filter((flow) => flow in SENSITIVE)).toEqual([]);
  });

  test.each(Object.entries(SENSITIVE))(
    '%s: without a key no hash of the input is in the id',
    (flow, members) => {
      const name = WORKFLOW_NAMES.find((workflow) => workflow === flow) ?? 'recurringImport';
      for (const member of members) {
        const held = { datastoreId: input.datastoreId, [member]: '4711007' };
        const id = workflowIdOf(name, held);
        expect(id).toMatch(/-[0-9a-f]{16}$/);
        const hash = createHash('sha256').update(JSON.stringify(held)).digest('hex');
        expect(id).not.toContain(hash.slice(0, 8));
        expect(workflowIdOf(name, held)).not.toBe(id);
        expect(identifiesInput(name, held)).toBe(false);
        // The id still identifies the other members.
        const digits = /[0-9a-f]{16}$/.exec(id)?.[0] ?? '';
        expect(workflowIdOf(name, { ...held, [member]: '4711008' })).toContain(digits.slice(0, 8));
        expect(workflowIdOf(name, { ...held, datastoreId: 'e'.repeat(32) })).not.toContain(
          digits.slice(0, 8),
        );
      }
    },
  );

  test('with a key it is an HMAC: the same for the same input, and different for another key', () => {
    const id = workflowIdOf('findImageSetByPatient', input, KEY);
    expect(id).toMatch(/^find-image-set-by-patient-[0-9a-f]{16}$/);
    expect(workflowIdOf('findImageSetByPatient', { ...input }, KEY)).toBe(id);
    expect(workflowIdOf('findImageSetByPatient', input, `${KEY}!`)).not.toBe(id);
    expect(workflowIdOf('findImageSetByPatient', { ...input, dicomPatientId: '4711008' }, KEY)).not.toBe(id);
    expect(identifiesInput('findImageSetByPatient', input, KEY)).toBe(true);
  });

  test('a sensitive member that is undefined does not make the id random', () => {
    const copy = { datastoreId: input.datastoreId, copiableAttributes: undefined };
    expect(workflowIdOf('copyImageSet', copy)).toBe(
      workflowIdOf('copyImageSet', { datastoreId: copy.datastoreId }),
    );
  });
});

test('a key that could be guessed is rejected, and an empty one counts as none', () => {
  expect(readWorkflowIdKey({})).toBeUndefined();
  expect(readWorkflowIdKey({ WORKFLOW_ID_KEY: '' })).toBeUndefined();
  expect(readWorkflowIdKey({ WORKFLOW_ID_KEY: KEY })).toBe(KEY);
  const tooShort = () => readWorkflowIdKey({ WORKFLOW_ID_KEY: 'radiology' });
  expect(tooShort).toThrow(UserError);
  expect(tooShort).toThrow(/at least 16 characters.*openssl rand/);
  expect(tooShort).not.toThrow(/radiology/);
});
