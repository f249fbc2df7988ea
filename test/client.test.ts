import { Client } from '@temporalio/client';
import { FlowClient } from '../src/client.ts';

test('an unknown workflow type is rejected with the names of the known ones', async () => {
  const flows = new FlowClient(new Client(), 'nowhere');
  for (const name of ['copyimageset', 'toString']) {
    await expect(
      flows.start(name as 'copyImageSet', { datastoreId: '', sourceImageSetId: '' }),
    ).rejects.toThrow(/is not one of .*copyImageSet/);
  }
});
