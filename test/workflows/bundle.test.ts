/** What every run in the worker's cache carries: a schema library alone took a cached run from 0.28 to 1.75 MB. */
import { readFileSync } from 'node:fs';
import type { sleep } from '@temporalio/workflow';
import { required } from '../support/cluster.ts';

const bundle = readFileSync(required('AHW_TEST_BUNDLE'), 'utf8');
/** Without the source map, which no run carries: 695 kB with all sixteen flows and recurringImport, most of them Temporal's own. */
const BUDGET = 800_000;
/** The modules that webpack has put in, by their paths. */
const modules = [...bundle.matchAll(/"(\.\/[^"\n]+\.[cm]?[jt]s)"/g)].map(([, path = '']) => path);

test('the list of modules is really read', () => {
  expect(modules).toContainEqual(expect.stringContaining('copy-image-set'));
});

test.each(['@aws-sdk', '@smithy', 'ajv', 'zod', 'input-rules', 'src/activities', 'node:'])(
  'holds no %s',
  (name) => {
    expect(modules.filter((path) => path.includes(name))).toEqual([]);
  },
);

test('its code is no bigger than its budget', () => {
  const [code = ''] = bundle.split('//# sourceMappingURL');
  expect(Buffer.byteLength(code)).toBeLessThan(BUDGET);
});

test('durations are typed: without the `ms` path in tsconfig.json this would compile, and fail at run time', () => {
  // @ts-expect-error -- text that is no duration
  const wrong: Parameters<typeof sleep>[0] = 'banana';
  expect(wrong).toBe('banana');
});
