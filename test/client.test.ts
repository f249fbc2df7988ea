import { Client } from '@temporalio/client';
import { FlowClient } from '../src/client.ts';

test('a workflow that does not exist is refused with the names of those that do', async () => {
  const flows = new FlowClient(new Client(), 'nowhere');
  for (const name of ['copyimageset', 'toString']) {
    await expect(
      flows.start(name as 'copyImageSet', { datastoreId: '', sourceImageSetId: '' }),
    ).rejects.toThrow(/is not one of .*copyImageSet/);
  }
});
