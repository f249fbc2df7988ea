import { describeProblems, flowProblems } from '../../src/input-rules/flows.ts';
import { RECURRING_FLOWS, scheduleProblems } from '../../src/input-rules/recurring-import.ts';
import { inputProblems } from '../../src/input-rules/workflows.ts';
import { datastoreId, fhirInput, onboardInput } from '../support/inputs.ts';

const { datastoreName: _, ...dicom } = { ...onboardInput, datastoreId };
const nightly = {
  flow: 'startImportAndWaitCompleted',
  input: { ...fhirInput, InputS3Uri: 's3://bucket/in/{yyyy}/{MM}/{dd}/{HH}{mm}/' },
};
const problemsOf = (input: unknown) => describeProblems(inputProblems('recurringImport', input));

test('only flows that import from S3 into an existing data store can be recurring', () => {
  expect(RECURRING_FLOWS).toEqual(
    expect.arrayContaining(['onboardDatastoreAndImport', 'startImportAndWaitCompleted']),
  );
  expect(RECURRING_FLOWS).not.toContain('copyImageSet');
});

test('templates, a time zone and an offset are valid', () => {
  expect(problemsOf(nightly)).toBe('');
  expect(problemsOf({ ...nightly, timeZone: 'Europe/Berlin', offset: '-1 day', onlyNew: true })).toBe('');
  expect(problemsOf({ flow: 'onboardDatastoreAndImport', input: dicom })).toBe('');
});

describe('a fleet', () => {
  const { inputS3Uri: _, polling: __, ...listed } = dicom;
  const fleet = { flow: 'importAllDicom', input: { ...listed, inputS3Uri: 's3://bucket/{yyyy}/' } };

  test('can be recurring, whatever names its folders', () => {
    const importsS3Uri = 's3://lists/{yyyy}-{MM}-{dd}.ndjson';
    expect(problemsOf(fleet)).toBe('');
    expect(problemsOf({ ...fleet, input: { ...listed, importsS3Uri } })).toBe('');
    expect(problemsOf({ ...fleet, input: listed })).toMatch(
      /^input.inputS3Uri is missing, or imports or importsS3Uri/,
    );
  });

  test.each([
    [
      'only what is new',
      { onlyNew: true },
      /^onlyNew is not for fleets: one new file would import all folders again/,
    ],
    [
      'a plan of its own',
      { input: { ...fleet.input, planName: 'x' } },
      /^input.planName is not for recurring imports/,
    ],
    [
      'a plan alone',
      { input: { ...fleet.input, planOnly: true } },
      /^input.planOnly is not for recurring imports/,
    ],
  ])('cannot be recurring with %s', (_, member, problem) => {
    expect(problemsOf({ ...fleet, ...member })).toMatch(problem);
  });
});

test.each<[string, object, RegExp]>([
  ['nothing', {}, /^flow is missing; input is missing$/],
  ['another flow', { ...nightly, flow: 'copyImageSet' }, /^flow must be one of /],
  ['itself', { ...nightly, flow: 'recurringImport' }, /^flow must be one of /],
  [
    'an unknown member',
    { ...nightly, timezone: 'UTC' },
    /^timezone is not known here \(did you mean timeZone\?\)$/,
  ],
  ['no time zone', { ...nightly, timeZone: 'SECRET' }, /^timeZone must be an IANA time zone/],
  ['no offset', { ...nightly, offset: 'SECRET' }, /^offset must be minutes, hours, days or weeks/],
  [
    'an unknown template',
    nightlyWith({ InputS3Uri: 's3://bucket/{SECRET}/' }),
    /^input.InputS3Uri holds a brace/,
  ],
  ['a half template', nightlyWith({ JobName: 'SECRET-{yyyy' }), /^input.JobName holds a brace/],
  [
    'a client token',
    nightlyWith({ ClientToken: 'SECRET' }),
    /^input.ClientToken is not for recurring imports/,
  ],
  ['a job', nightlyWith({ JobId: 'SECRET' }), /^input.JobId is not for recurring imports/],
  [
    'a member that breaks a rule of the flow',
    nightlyWith({ OutputS3Uri: 'SECRET' }),
    /^input.OutputS3Uri must match/,
  ],
  [
    'a member that the flow does not know',
    nightlyWith({ JobNam: 'SECRET' }),
    /^input.JobNam is not known here \(did/,
  ],
  [
    'polling that would read too often',
    nightlyWith({ polling: { share: 0 } }),
    /^input.polling would read up to/,
  ],
  [
    'the list of another run',
    { flow: 'importDicomAndSearch', input: { ...dicom, nextToken: 'SECRET' } },
    /^input.nextToken is not for recurring imports: it continues the list of a single run$/,
  ],
  [
    'only what is new, and no look at how the import ended',
    { ...nightlyWith({ onFileErrors: 'ignore' }), onlyNew: true },
    /^onlyNew does not go with input.onFileErrors "ignore": it needs the outcome$/,
  ],
  [
    'a new data store each time',
    { flow: 'onboardDatastoreAndImport', input: onboardInput },
    /^input.datastoreId is missing: every firing/,
  ],
])('%s is rejected, without its value in the message', (_, input, problem) => {
  expect(problemsOf(input)).toMatch(problem);
  expect(problemsOf(input)).not.toContain('SECRET');
});

function nightlyWith(members: object): object {
  return { ...nightly, input: { ...nightly.input, ...members } };
}

test('a flow that is started directly expands no templates, and rejects them', () => {
  expect(describeProblems(flowProblems('startImportAndWaitCompleted', nightly.input))).toBe(
    'InputS3Uri must not hold a brace: only recurringImport expands templates such as {yyyy}',
  );
  expect(
    describeProblems(flowProblems('onboardDatastoreAndImport', { ...dicom, outputS3Uri: 's3://b-b/{' })),
  ).toMatch(/^outputS3Uri must not hold a brace/);
});

// `jitter` of a Temporal schedule: "All actions will be delayed by a random amount up to this". The default 0 means no delay.
test('jitter may be 0, but an interval may not', () => {
  const every = { ...nightly, every: '1 hour' };
  for (const jitter of [0, '0', '0s']) expect(scheduleProblems({ ...every, jitter })).toEqual([]);
  expect(describeProblems(scheduleProblems({ ...every, jitter: -1 }))).toMatch(
    /^jitter must be .*; 0 for none$/,
  );
  expect(describeProblems(scheduleProblems({ ...nightly, every: 0 }))).toMatch(
    /^every must be .*, longer than 0$/,
  );
});
