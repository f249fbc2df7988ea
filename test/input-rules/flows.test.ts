import { FLOW_RULES, describeProblems, flowProblems } from '../../src/input-rules/flows.ts';
import { pacingProblems } from '../../src/pacing/polling.ts';

const ids = {
  datastoreId: 'd'.repeat(32),
  sourceImageSetId: 'a'.repeat(32),
  destinationImageSetId: 'b'.repeat(32),
};
const fhirImport = {
  DatastoreId: 'd'.repeat(32),
  InputS3Uri: 's3://bucket/in/',
  OutputS3Uri: 's3://bucket/out/',
  OutputKmsKeyId: 'alias/key',
  DataAccessRoleArn: 'arn:aws:iam::123456789012:role/import',
};
const onboard = {
  datastoreName: 'store',
  dataAccessRoleArn: 'arn:aws:iam::123456789012:role/import',
  inputS3Uri: 's3://bucket/in/',
  outputS3Uri: 's3://bucket/out/',
};

test('the inputs of the three flows are valid without client tokens', () => {
  expect(flowProblems('copyImageSet', ids)).toEqual([]);
  expect(flowProblems('onboardDatastoreAndImport', onboard)).toEqual([]);
  expect(flowProblems('startImportAndWaitCompleted', fhirImport)).toEqual([]);
});

test('a run that waits for an existing job need not have the members for starting one', () => {
  expect(flowProblems('startImportAndWaitCompleted', { DatastoreId: 'd', JobId: 'j' })).toEqual([]);
  expect(flowProblems('onboardDatastoreAndImport', { datastoreId: 'd'.repeat(32), jobId: 'j' })).toEqual([]);
  expect(
    describeProblems(flowProblems('onboardDatastoreAndImport', { jobId: 'j', datastoreName: 'x' })),
  ).toMatch(/^datastoreId is missing, which jobId needs$/);
});

test.each([undefined, null, 'text', 7, [], [ids]])('%j is not an object', (input) => {
  expect(describeProblems(flowProblems('copyImageSet', input))).toBe('the input must be object');
});

test('all problems are reported at once, by name and rule, with the most similar name and no value', () => {
  const text = describeProblems(
    flowProblems('copyImageSet', {
      ...ids,
      datastoreId: 'SECRET',
      destinationImageSetID: 'SECRET',
      force: 'SECRET',
    }),
  );
  expect(text).toContain('datastoreId must match pattern');
  expect(text).toContain('destinationImageSetID is not known here (did you mean destinationImageSetId?)');
  expect(text).toContain('force must be boolean');
  expect(text).not.toContain('SECRET');
});

test.each([
  [{ minimumInterval: '1h', maximumInterval: '1m' }, /must not be longer/],
  [{ share: 1.5 }, /polling.share must be <= 1/],
  [{ minimumInterval: 'banana' }, /polling.minimumInterval must be a number of milliseconds/],
  [{ minimumInterval: 0 }, /polling.minimumInterval must be/],
  [{ minimumInterval: '1s', maximumInterval: '1s', timeout: '2h' }, /would read up to \d+ times/],
  [{ interval: '1s' }, /polling.interval is not known/],
  ['fast', /polling must be object/],
])('polling %j is rejected', (polling, problem) => {
  expect(describeProblems(flowProblems('copyImageSet', { ...ids, polling }))).toMatch(problem);
});

test('the reads of every single wait of a flow count', () => {
  const polling = { minimumInterval: '1s', share: 0, timeout: '49 minutes' };
  const imageSet = { datastoreId: ids.datastoreId, imageSetId: ids.sourceImageSetId };
  // inspectImageSet waits once, an update up to three times, and a copy up to four times.
  expect(flowProblems('inspectImageSet', { ...imageSet, imageFrameId: 'f'.repeat(32), polling })).toEqual([]);
  const update = { ...imageSet, revertToVersionId: '1', polling };
  expect(describeProblems(flowProblems('updateImageSetMetadata', update))).toMatch(
    /8\d\d\d times in 3 waits/,
  );
  expect(describeProblems(flowProblems('copyImageSet', { ...ids, polling }))).toMatch(
    /1\d{4} times in 4 waits/,
  );
});

test.each(Object.entries(FLOW_RULES))('the default waits of %s are valid', (_, { waits }) => {
  expect(pacingProblems({}, Object.values(waits))).toEqual([]);
});

test('an unknown member name may be patient data, and is not shown', () => {
  const image = { datastoreId: ids.datastoreId, imageSetId: ids.sourceImageSetId };
  const text = describeProblems([
    ...flowProblems('tagImageSet', { ...image, tags: { 'Jane Doe': 1, JaneDoe: 2 } }),
    ...flowProblems('tagImageSet', { ...image, tags: {}, 'Jane^Doe': 1 }),
  ]);
  expect(text).toContain('tags.(a key) must be string');
  expect(text).toContain('(a name that is not shown) is not known here');
  expect(text).not.toContain('Jane');
});

test.each([
  ['2026-01-31T02:00:00Z', ''],
  ['2026-01-31T02:00+01:00', ''],
  // Without an offset the moment would depend on the worker's time zone, and a date alone is not a moment.
  [
    '2026-01-31T02:00:00',
    'submittedAfter must be a time with its offset from UTC, such as "2026-01-31T02:00:00Z"',
  ],
  ['2026-01-31', 'submittedAfter must be a time with its offset from UTC, such as "2026-01-31T02:00:00Z"'],
  [
    '2026-13-31T02:00:00Z',
    'submittedAfter must be a time with its offset from UTC, such as "2026-01-31T02:00:00Z"',
  ],
])('an audit from %s on', (submittedAfter, problem) => {
  const audit = { datastoreId: ids.datastoreId, submittedAfter };
  expect(describeProblems(flowProblems('auditCompletedImports', audit))).toBe(problem);
});

test('a token to continue a list is rejected together with members that would start something else', () => {
  const text = describeProblems([
    ...flowProblems('auditCompletedImports', {
      datastoreId: ids.datastoreId,
      nextToken: 't',
      submittedBefore: '2026-01-31T02:00:00Z',
    }),
    ...flowProblems('updateImageSetMetadata', {
      datastoreId: ids.datastoreId,
      imageSetId: ids.sourceImageSetId,
      nextToken: 't',
      force: true,
    }),
  ]);
  expect(text).toBe(
    'nextToken does not go with submittedAfter or submittedBefore or jobsNextToken; ' +
      'nextToken does not go with updatableAttributes or removableAttributes or revertToVersionId or force',
  );
});
