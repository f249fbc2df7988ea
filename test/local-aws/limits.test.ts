/** The rates and quotas of the services, which the setting `limits` turns on. */
import fc from 'fast-check';
import { Limits } from '../../local-aws/limits.ts';
import { defaultSettings, type Settings } from '../../local-aws/settings.ts';
import { REQUEST_LIMITS } from '../../src/lib/request-limits.ts';
import { localAws, type LocalAwsUnderTest } from './harness.ts';
import { activeDatastore } from './imaging-harness.ts';

let aws: LocalAwsUnderTest;
beforeAll(async () => (aws = await localAws({ limits: 'documented' })));
afterAll(() => aws.close());
beforeEach(() => aws.control.reset());

const failure = (call: Promise<unknown>) =>
  call.then(
    () => 'no error',
    (error: Error) => error,
  );
const fhirDatastore = () => failure(aws.healthlake.createFHIRDatastore({ DatastoreTypeVersion: 'R4' }));

describe('rates', () => {
  test('a call too many is throttled, as HealthImaging throttles, and changes nothing', async () => {
    await aws.imaging.createDatastore({});
    expect(await failure(aws.imaging.createDatastore({}))).toMatchObject({
      name: 'ThrottlingException',
      message: 'Rate exceeded',
      $metadata: { httpStatusCode: 429 },
    });
    expect((await aws.imaging.listDatastores({})).datastoreSummaries).toHaveLength(1);
    const outcomes = (await aws.control.calls({ operation: 'CreateDatastore' })).map((call) => call.outcome);
    expect(outcomes).toEqual(['ok', 'ThrottlingException']);
  });

  test('a call too many is throttled, as HealthLake throttles', async () => {
    await fhirDatastore();
    expect(await fhirDatastore()).toMatchObject({
      name: 'ThrottlingException',
      $metadata: { httpStatusCode: 400 },
    });
  });

  test('each operation has its own rate', async () => {
    const datastoreId = await activeDatastore(aws);
    await expect(aws.imaging.deleteDatastore({ datastoreId })).resolves.toMatchObject({ datastoreId });
  });

  test('are off by default, and S3 and SQS have none', async () => {
    for (let i = 0; i < 50; i++) await aws.sqs.listQueues({});
    await aws.control.settings({ limits: 'off' });
    for (let i = 0; i < 3; i++) await fhirDatastore();
    expect((await aws.healthlake.listFHIRDatastores({})).DatastorePropertiesList).toHaveLength(3);
    expect(defaultSettings.limits).toBe('off');
  });

  test('a wrong value is refused, and says what there is', async () => {
    for (const limits of ['on', 'scaled:0', 'scaled:', 'scaled:x']) {
      await expect(aws.control.settings({ limits } as Partial<Settings>)).rejects.toThrow(
        'limits must be off, documented, or scaled:',
      );
    }
  });
});

test('in any time at most the burst and what the rate allows are accepted, and no call is throttled that fits', () => {
  const operation = fc.constantFrom(...(Object.keys(REQUEST_LIMITS) as (keyof typeof REQUEST_LIMITS)[]));
  const pauses = fc.array(fc.integer({ min: 0, max: 30_000 }), { maxLength: 60 });
  const speeds = fc.constantFrom(1, 30, 0.5);
  fc.assert(
    fc.property(operation, pauses, speeds, (name, gaps, speed) => {
      const limits = new Limits({ ...defaultSettings, limits: `scaled:${speed}` });
      const { perSecond, burst } = REQUEST_LIMITS[name];
      const clock = jest.spyOn(Date, 'now');
      let now = 1_000_000;
      const accepted: number[] = [];
      for (const gap of gaps) {
        now += gap;
        clock.mockReturnValue(now);
        const allowedSince = (from: number) => burst + ((now - from) / 1000) * perSecond * speed;
        let isAccepted = true;
        try {
          limits.checkRate('service', name);
        } catch {
          isAccepted = false;
        }
        if (isAccepted) accepted.push(now);
        // Of all periods that end now, none may have more calls than allowed. Another call would be too many in one of them if
        // this call was refused.
        const excess = accepted.map((from, i) => accepted.length - i - allowedSince(from));
        if (isAccepted) expect(Math.max(...excess)).toBeLessThanOrEqual(1e-6);
        else expect(Math.max(...excess)).toBeGreaterThan(-1);
      }
      clock.mockRestore();
    }),
  );
});

describe('quotas', () => {
  beforeEach(() => aws.control.settings({ limits: 'scaled:1000000' }));

  test('one data store too many is refused, as HealthImaging refuses it, until one is deleted', async () => {
    const made = [];
    for (let i = 0; i < 100; i++) made.push(await aws.imaging.createDatastore({}));
    expect(await failure(aws.imaging.createDatastore({}))).toMatchObject({
      name: 'ServiceQuotaExceededException',
      $metadata: { httpStatusCode: 402 },
    });
    await aws.imaging.deleteDatastore({ datastoreId: made[0]?.datastoreId });
    await expect(aws.imaging.createDatastore({})).resolves.toMatchObject({ datastoreStatus: 'CREATING' });
  });

  test('HealthLake has ten data stores', async () => {
    for (let i = 0; i < 10; i++) expect(await fhirDatastore()).toBe('no error');
    expect(await fhirDatastore()).toMatchObject({ name: 'ServiceQuotaExceededException' });
  });

  test('a change of an image set is refused while as many of its kind are under way, in its data store only', () => {
    const limits = new Limits({ ...defaultSettings, limits: 'documented' });
    const ended = new Set<string>();
    const change = (kind: 'copies' | 'updates', datastoreId: string, imageSetId: string) =>
      limits.checkChange(kind, { datastoreId, imageSetId }, (id) => !ended.has(id));
    for (let i = 0; i < 100; i++) change('copies', 'one', String(i));
    expect(() => change('copies', 'one', 'more')).toThrow('The quota of 100 copies at once');
    change('updates', 'one', 'more');
    change('copies', 'other', 'more');
    ended.add('7');
    change('copies', 'one', 'more');
    expect(() => change('copies', 'one', 'too many')).toThrow('The quota of 100 copies at once');
  });
});
