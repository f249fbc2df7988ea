/** The workflow bundle, which each run in the worker's cache loads. A schema library in it would add 1.5 MB to each cached run. */
import { readFileSync } from 'node:fs';
import type { sleep } from '@temporalio/workflow';
import { required } from '../support/cluster.ts';

const bundle = readFileSync(required('AHW_TEST_BUNDLE'), 'utf8');
/** The maximum size without the source map. It is 813 kB with all flows and fleets, most of which is Temporal's own code. */
const BUDGET = 850_000;
/** The paths of the modules in the bundle. */
const modules = [...bundle.matchAll(/"(\.\/[^"\n]+\.[cm]?[jt]s)"/g)].map(([, path = '']) => path);

test('the list of modules is not empty', () => {
  expect(modules).toContainEqual(expect.stringContaining('copy-image-set'));
});

test.each(['@aws-sdk', '@smithy', 'ajv', 'zod', 'input-rules', 'src/activities', 'node:'])(
  'contains no %s',
  (name) => {
    expect(modules.filter((path) => path.includes(name))).toEqual([]);
  },
);

test('its code is within its size budget', () => {
  const [code = ''] = bundle.split('//# sourceMappingURL');
  expect(Buffer.byteLength(code)).toBeLessThan(BUDGET);
});

test('durations are typed: without the `ms` path in tsconfig.json this would compile, and fail at run time', () => {
  // @ts-expect-error -- a text that is not a duration
  const wrong: Parameters<typeof sleep>[0] = 'banana';
  expect(wrong).toBe('banana');
});
