import { rm } from 'node:fs/promises';
import path from 'node:path';
import { ClassicLevel } from 'classic-level';
import fc from 'fast-check';
import { JobList } from '../../local-aws/job-list.ts';
import { pageOf } from '../../local-aws/paging.ts';
import { MemoryTable } from '../../local-aws/table.ts';
import { startLocalAws } from '../../local-aws/server.ts';
import type { Settings } from '../../local-aws/settings.ts';
import { Store } from '../../local-aws/store.ts';
import { clientsOf, instant, p10, putFiles, temporaryFolder } from './harness.ts';
import { slowDisk } from './slow-disk.ts';
import { activeDatastore, imageSetsBySeries, importAll, readMetadata } from './imaging-harness.ts';

describe('a data folder', () => {
  let data: string;
  beforeEach(async () => (data = await temporaryFolder()));
  afterEach(() => rm(data, { recursive: true }));

  /** Starts a local AWS on the data folder, does the work with its clients, and closes it. */
  async function during<T>(
    settings: Partial<Settings>,
    work: (clients: ReturnType<typeof clientsOf>) => Promise<T>,
  ) {
    const aws = await startLocalAws({ data, settings: { ...instant, ...settings } });
    const clients = clientsOf(aws.endpoint);
    try {
      return await work(clients);
    } finally {
      for (const client of [clients.imaging, clients.healthlake, clients.s3]) client.destroy();
      await aws.close();
    }
  }

  test('keeps the newest calls, and numbers go on after a restart', async () => {
    const calls = (count: number) =>
      during({ maxLoggedCalls: 3 }, async ({ imaging, control }) => {
        for (let i = 0; i < count; i++) await imaging.listDatastores({});
        return (await control.calls()).map(({ number, outcome }) => ({ number, outcome }));
      });
    const ok = (number: number) => ({ number, outcome: 'ok' });
    expect(await calls(5)).toEqual([2, 3, 4].map(ok));
    expect(await calls(2)).toEqual([4, 5, 6].map(ok));
  });

  test('has metadata and what is searched for after a restart', async () => {
    await putFiles(data, 'input', { 'a.dcm': p10({ patient: 'A', series: '1.2', instance: '1.2.1' }) });
    const before = await during({}, async (aws) => {
      const datastoreId = await activeDatastore(aws);
      await importAll(aws, { datastoreId, inputS3Uri: 's3://input/' });
      const { '1.2': imageSetId = '' } = await imageSetsBySeries(aws, datastoreId);
      return { datastoreId, imageSetId, metadata: await readMetadata(aws, { datastoreId, imageSetId }) };
    });
    await during({}, async (aws) => {
      const { datastoreId, imageSetId, metadata } = before;
      expect(await readMetadata(aws, { datastoreId, imageSetId })).toEqual(metadata);
      for (const [DICOMPatientId, expected] of [
        ['A', [imageSetId]],
        ['B', []],
      ] as const) {
        const { imageSetsMetadataSummaries } = await aws.imaging.searchImageSets({
          datastoreId,
          searchCriteria: { filters: [{ operator: 'EQUAL', values: [{ DICOMPatientId }] }] },
        });
        expect(imageSetsMetadataSummaries?.map((summary) => summary.imageSetId)).toEqual(expected);
      }
    });
  });

  test('of another format is refused, with what to do', async () => {
    const db = new ClassicLevel(path.join(data, 'state'));
    await db.put('datastore/1', '{}');
    await db.close();
    await expect(startLocalAws({ data })).rejects.toMatchObject({
      name: 'UserError',
      message: expect.stringMatching(/has format 1, .* reads format 2\. Delete that folder/),
    });
    // The start that failed has not left the folder locked.
    await db.open();
    await db.close();
  });
});

interface Row {
  readonly keys: readonly string[];
}

type Step = { readonly id: string; readonly row: Row | undefined } | 'commit' | 'log' | 'let a write end';

const ids = ['a', 'b', 'c'];
const keys = ['x', 'y'];
const step: fc.Arbitrary<Step> = fc.oneof(
  {
    weight: 3,
    arbitrary: fc.record({
      id: fc.constantFrom(...ids),
      row: fc.option(fc.record({ keys: fc.uniqueArray(fc.constantFrom(...keys)) }), { nil: undefined }),
    }),
  },
  { weight: 2, arbitrary: fc.constantFrom<Step[]>('commit', 'log', 'let a write end') },
);

/** The whole content of a store: rows, how many rows the index finds by each key, and the documents. */
function contentOf(store: Store) {
  const rows = store.table<Row>('row');
  const index = rows.index('key', (row) => row.keys);
  const documents = store.documents<Row>('document');
  return {
    rows: rows.entries().sort(([a], [b]) => (a < b ? -1 : 1)),
    found: keys.map((key) => [...index.get(key)].length),
    documents: ids.map((id) => documents.get(id)),
  };
}

describe('the store', () => {
  test('holds, after a crash at any time, a state that there was, and none from before an answer', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.scheduler(),
        fc.array(step, { maxLength: 30, size: 'max' }),
        async (scheduler, steps) => {
          const disk = slowDisk(() => scheduler.schedule(Promise.resolve()));
          const store = await Store.open(disk);
          const log = store.log<number>('log');
          const expected = { rows: new Map<string, Row>(), documents: new Map<string, Row>() };
          const states = [contentOf(store)];
          let answered = 0;
          for (const each of steps) {
            if (each === 'log') log.put('a', states.length);
            else if (each === 'let a write end') {
              if (scheduler.count() > 0) await scheduler.waitOne();
            } else if (each === 'commit') {
              const seen = states.length - 1;
              void store.commit().then(() => (answered = Math.max(answered, seen)));
            } else if (each.row) {
              store.table<Row>('row').put(each.id, each.row);
              store.documents<Row>('document').put(each.id, each.row);
              expected.rows.set(each.id, each.row);
              expected.documents.set(each.id, each.row);
            } else {
              store.table<Row>('row').delete(each.id);
              expected.rows.delete(each.id);
            }
            const state = contentOf(store);
            expect(state).toEqual({
              rows: [...expected.rows].sort(([a], [b]) => (a < b ? -1 : 1)),
              found: keys.map(
                (key) => [...expected.rows.values()].filter((row) => row.keys.includes(key)).length,
              ),
              documents: ids.map((id) => expected.documents.get(id)),
            });
            states.push(state);
            await Promise.resolve();
          }
          await new Promise((resolve) => setImmediate(resolve));
          const after = contentOf(await Store.open(disk.afterCrash()));
          expect(states.slice(answered)).toContainEqual(after);
          await scheduler.waitFor(store.close());
        },
      ),
      { numRuns: 300 },
    );
  });

  test('lets a call that only reads go at once, unless a change has not reached the disk', async () => {
    const { promise: turn, resolve: letWritesEnd } = promiseWithResolvers();
    const store = await Store.open(slowDisk(() => turn));
    store.log<number>('log').put('a', 1);
    await store.commit();
    store.table<number>('row').put('a', 1);
    const ended: string[] = [];
    const write = store.commit().then(() => ended.push('write'));
    await new Promise((resolve) => setImmediate(resolve));
    const read = store.commit().then(() => ended.push('read'));
    await new Promise((resolve) => setImmediate(resolve));
    expect(ended).toEqual([]);
    letWritesEnd();
    await Promise.all([write, read]);
    await store.close();
  });
});

/** Like `Promise.withResolvers`, which Node 20 does not have. */
function promiseWithResolvers(): { promise: Promise<void>; resolve: () => void } {
  let resolve = () => {};
  const promise = new Promise<void>((fulfil) => (resolve = fulfil));
  return { promise, resolve };
}

describe('a list', () => {
  test('is the whole list in order, page by page', () => {
    const item = fc.record({ id: fc.uuid(), by: fc.nat(5) });
    fc.assert(
      fc.property(
        fc.uniqueArray(item, { selector: ({ id }) => id, maxLength: 120, size: 'max' }),
        fc.integer({ min: 1, max: 9 }),
        fc.boolean(),
        (items, size, ascending) => {
          const order = {
            by: (each: { by: number }) => each.by,
            id: (each: { id: string }) => each.id,
            ascending,
          };
          const seen: unknown[] = [];
          let token: string | undefined;
          do {
            const page = pageOf(items, order, { size, token });
            expect(page.items.length).toBeLessThanOrEqual(size);
            seen.push(...page.items);
            token = page.nextToken;
          } while (token);
          const sorted = items.toSorted((a, b) => a.by - b.by || (a.id < b.id ? -1 : 1));
          expect(seen).toEqual(ascending ? sorted : sorted.toReversed());
        },
      ),
    );
  });

  test('of jobs have the jobs of one data store, newest first, however the table was filled', () => {
    const jobs = fc.uniqueArray(
      fc.record({
        jobId: fc.uuid(),
        datastoreId: fc.constantFrom('one', 'other'),
        submittedAt: fc.integer({ min: 0, max: 20 }),
      }),
      { selector: ({ jobId }) => jobId, maxLength: 60 },
    );
    fc.assert(
      fc.property(jobs, fc.nat(60), fc.integer({ min: 1, max: 9 }), (all, before, size) => {
        const table = new MemoryTable<(typeof all)[number]>(new Map(), () => {});
        for (const job of all.slice(0, before)) table.put(job.jobId, job);
        const list = new JobList(table);
        for (const job of all.slice(before)) table.put(job.jobId, job);
        // A job that changes keeps its place.
        for (const job of all) table.put(job.jobId, { ...job });
        const isWanted = ({ jobId }: { jobId: string }) => !jobId.startsWith('0');
        const seen: string[] = [];
        let token: string | undefined;
        do {
          const page = list.page('one', isWanted, { size, token });
          expect(page.items.length).toBeLessThanOrEqual(size);
          seen.push(...page.items.map(({ jobId }) => jobId));
          token = page.nextToken;
        } while (token);
        const wanted = all.filter((job) => job.datastoreId === 'one' && isWanted(job));
        const sorted = wanted.toSorted(
          (a, b) => b.submittedAt - a.submittedAt || (a.jobId < b.jobId ? 1 : -1),
        );
        expect(seen).toEqual(sorted.map(({ jobId }) => jobId));
      }),
    );
  });
});
