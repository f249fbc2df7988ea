import { Client } from '@temporalio/client';
import fc from 'fast-check';
import { FlowClient, workflowIdOf } from '../src/client.ts';
import { documentName } from '../src/document-name.ts';

const json = fc.dictionary(fc.string(), fc.jsonValue());

describe('the id of a run', () => {
  test('is the same for the same input, however it was written down', () => {
    fc.assert(
      fc.property(json, (input) => {
        const reordered = Object.fromEntries(Object.entries(input).toReversed());
        expect(workflowIdOf('copyImageSet', reordered)).toBe(workflowIdOf('copyImageSet', input));
      }),
    );
  });

  test('differs for an input that says one thing more', () => {
    fc.assert(
      fc.property(json, fc.jsonValue(), (input, value) => {
        const more = { ...input, 'one thing more': value };
        expect(workflowIdOf('copyImageSet', more)).not.toBe(workflowIdOf('copyImageSet', input));
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

test('a workflow that does not exist is refused with the names of those that do', async () => {
  const flows = new FlowClient(new Client(), 'nowhere');
  for (const name of ['copyimageset', 'toString']) {
    await expect(
      flows.start(name as 'copyImageSet', { datastoreId: '', sourceImageSetId: '' }),
    ).rejects.toThrow(/is not one of .*copyImageSet/);
  }
});
