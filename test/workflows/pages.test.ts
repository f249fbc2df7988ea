import { DEFAULT_RULES } from '../../src/pacing/rules.ts';
import { allPages } from '../../src/workflows/run/pages.ts';

const flow = { facts: { rules: DEFAULT_RULES } };

/** A list of so many pages of a size. */
function list(pages: number, size: number) {
  const asked: [summary: string, nextToken: string | undefined][] = [];
  const read = (summary: string, nextToken: string | undefined) => {
    asked.push([summary, nextToken]);
    const more = asked.length < pages ? `after ${asked.length}` : undefined;
    return Promise.resolve({ items: Array.from({ length: size }, (_, index) => index), nextToken: more });
  };
  return { asked, read };
}

describe('all pages of a list', () => {
  test('are read in order, each with the token of the one before', async () => {
    const { asked, read } = list(3, 2);
    expect(await allPages(flow, 'listJobs', read)).toEqual({ items: [0, 1, 0, 1, 0, 1] });
    expect(asked).toEqual([
      ['listJobs', undefined],
      ['listJobs · 2', 'after 1'],
      ['listJobs · 3', 'after 2'],
    ]);
  });

  test('are ten at the most; where the list goes on is said', async () => {
    const { asked, read } = list(11, 1);
    expect(await allPages(flow, 'listJobs', read)).toMatchObject({
      items: { length: 10 },
      nextToken: 'after 10',
    });
    expect(asked).toHaveLength(10);
    expect(await allPages(flow, 'listJobs', list(10, 1).read)).not.toHaveProperty('nextToken');
  });

  test('end with the one that makes it 1,000 items', async () => {
    const { asked, read } = list(9, 300);
    expect(await allPages(flow, 'listJobs', read)).toMatchObject({
      items: { length: 1200 },
      nextToken: 'after 4',
    });
    expect(asked).toHaveLength(4);
  });

  test('are measured in bytes before they are added; the list goes on with the page that had no room', async () => {
    const asked: (string | undefined)[] = [];
    // 400 KB of UTF-8 a page, in 134,000 characters.
    const read = (_summary: string, nextToken: string | undefined) => {
      asked.push(nextToken);
      return Promise.resolve({ items: ['語'.repeat(134_000)], nextToken: `after ${asked.length}` });
    };
    const { items, nextToken } = await allPages(flow, 'listJobs', read);
    expect(items).toHaveLength(2);
    expect(asked).toEqual([undefined, 'after 1', 'after 2']);
    expect(nextToken).toBe('after 2');
  });

  test('may be empty, and need not say so', async () => {
    const read = () => Promise.resolve({ items: undefined, nextToken: undefined });
    expect(await allPages(flow, 'listJobs', read)).toEqual({ items: [] });
  });
});
