/** How often the consumer of events asks Temporal's visibility, and for what. */
import { randomUUID } from 'node:crypto';
import type { HealthLakeClient } from '@aws-sdk/client-healthlake';
import type { Client } from '@temporalio/client';
import { RunFinder } from '../src/events/run-finder.ts';
import type { ServiceEvent } from '../src/events/service-event.ts';

/** How long each look-up waits for its turn, in milliseconds. */
const mockWaits: number[] = [];
jest.mock('node:timers/promises', () => ({
  setTimeout: async (ms: number) => void mockWaits.push(ms),
}));

/** A visibility that knows every run by the workflow id `w`. */
function newFinder() {
  const queries: string[] = [];
  const workflowService = {
    listWorkflowExecutions: async ({ query }: { query: string }) => {
      queries.push(query);
      return { executions: [{ execution: { workflowId: 'w' } }] };
    },
  };
  const temporal = { workflowService, options: { namespace: 'default' } };
  const healthlake = {} as HealthLakeClient;
  return {
    queries,
    finder: new RunFinder(temporal as unknown as Client, healthlake, { attributes: new Set() }),
  };
}

const eventOf = (runId: string): ServiceEvent => ({
  signal: { id: randomUUID(), source: 'aws.medical-imaging', detailType: 'x', time: '', ids: {} },
  about: 'job',
  id: 'j',
  datastoreId: 'd',
  jobName: `import-dicom-and-search-${runId}`,
  job: 'DICOM import',
});

afterEach(() => jest.useRealTimers());

test('look-ups are a fifth of a second apart, whatever the number of events', async () => {
  jest.useFakeTimers();
  const { finder } = newFinder();
  await Promise.all([1, 2, 3, 4].map(() => finder.find(eventOf(randomUUID()))));
  expect(mockWaits).toEqual([0, 200, 400, 600]);
});

test('a run is looked up once for all of its events', async () => {
  const { finder, queries } = newFinder();
  const event = eventOf(randomUUID());
  for (let i = 0; i < 3; i++) expect(await finder.find(event)).toEqual({ kind: 'runs', workflowIds: ['w'] });
  expect(queries).toHaveLength(1);
});
