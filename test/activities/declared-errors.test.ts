/**
 * The activities of both services receive, over HTTP, every error that the service model declares for their operation. The
 * failure must have the AWS error name, and be retried or not as our rules say.
 */
import { readFileSync, readdirSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import { ApplicationFailure } from '@temporalio/common';
import { MockActivityEnvironment } from '@temporalio/testing';
import { DefaultLogger } from '@temporalio/worker';
import { createActivities } from '../../src/activities/index.ts';
import { createAwsClients } from '../../src/worker/aws-clients.ts';
import { readSettings } from '../../src/worker/settings.ts';
import { awsEnvironment } from '../support/cluster.ts';
import { fill, type Service } from '../support/filled.ts';
import { listen } from '../support/listen.ts';

type Outcome = 'again' | 'again for ten minutes' | 'failure';

const OUTCOMES = {
  untilDeadline: 'again',
  tenMinutes: 'again for ten minutes',
  never: 'failure',
} as const satisfies Record<string, Outcome>;

const USUAL: Readonly<Record<string, Outcome>> = {
  ThrottlingException: 'again',
  InternalServerException: 'again',
  ConflictException: 'again for ten minutes',
  ServiceQuotaExceededException: 'failure',
  AccessDeniedException: 'failure',
  ResourceNotFoundException: 'failure',
  ValidationException: 'failure',
  NotAcceptableException: 'failure',
  BadRequestException: 'failure',
};

const UNUSUAL: Readonly<Record<string, Outcome>> = {
  'StartDICOMImportJob ServiceQuotaExceededException': 'again',
  'CopyImageSet ServiceQuotaExceededException': 'again',
  'UpdateImageSetMetadata ServiceQuotaExceededException': 'again',
  'GetImageSetMetadata ConflictException': 'again',
  'StartDICOMImportJob ConflictException': 'failure',
  'CreateDatastore ConflictException': 'failure',
};

const STATUS: Readonly<Record<string, number>> = {
  AccessDeniedException: 403,
  ConflictException: 409,
  InternalServerException: 500,
  NotAcceptableException: 406,
  ResourceNotFoundException: 404,
  ServiceQuotaExceededException: 402,
  ThrottlingException: 429,
};

/** Both services have three operations with the same names. */
const ACTIVITY: Readonly<Record<Service, Readonly<Record<string, string>>>> = {
  'medical-imaging': {
    TagResource: 'tagImagingResource',
    UntagResource: 'untagImagingResource',
    ListTagsForResource: 'listTagsForImagingResource',
  },
  healthlake: {
    TagResource: 'tagFhirResource',
    UntagResource: 'untagFhirResource',
    ListTagsForResource: 'listTagsForFhirResource',
  },
};

let server: Server;
let answer: { service: Service; error: string };
let activities: Record<string, unknown>;

beforeAll(async () => {
  server = createServer((_, response) => {
    const { service, error } = answer;
    const usual = STATUS[error] ?? 400;
    // HealthLake's API reference: every client error has the status 400.
    const status = service === 'healthlake' && usual < 500 ? 400 : usual;
    response.writeHead(status, { 'content-type': 'application/json', 'x-amzn-errortype': error });
    response.end(JSON.stringify({ __type: error, message: 'as declared', Message: 'as declared' }));
  });
  const env = awsEnvironment(await listen(server));
  Object.assign(process.env, env);
  activities = createActivities(createAwsClients(env, 5_000), readSettings({}).run, () =>
    Promise.resolve([]),
  );
});
afterAll(() => {
  server.closeAllConnections();
  server.close();
});

/** The errors that a service declares for each operation, from the SDK's documentation. */
function declaredBy(service: Service): { service: Service; operation: string; errors: string[] }[] {
  const commands = require
    .resolve(`@aws-sdk/client-${service}`)
    .replace(/dist-cjs.*/, 'dist-types/commands/');
  return readdirSync(commands).flatMap((file) => {
    const [, operation] = /^(\w+)Command\.d\.ts$/.exec(file) ?? [];
    if (operation === undefined) return [];
    const thrown = readFileSync(commands + file, 'utf8').matchAll(/@throws \{@link (\w+Exception)\} \(/g);
    return { service, operation, errors: Array.from(thrown, ([, name = '']) => name) };
  });
}

const cases = [...declaredBy('medical-imaging'), ...declaredBy('healthlake')];

test('there are 31 operations', () => {
  expect(cases).toHaveLength(31);
  expect(cases.filter(({ errors }) => !errors.includes('ValidationException'))).toEqual([]);
});

test.each(cases)('$service $operation', async ({ service, operation, errors }) => {
  const name = ACTIVITY[service][operation] ?? operation[0]?.toLowerCase() + operation.slice(1);
  const activity = activities[name] as (input: unknown) => Promise<unknown>;
  const input = fill(service, `${operation}Request`, 0);
  for (const error of errors) {
    answer = { service, error };
    const failure: unknown = await new MockActivityEnvironment({}, { logger: new DefaultLogger('ERROR') })
      .run(activity, input)
      .catch((reason: unknown) => reason);
    if (!(failure instanceof ApplicationFailure)) throw failure;
    const [{ retry }] = failure.details as [{ retry: 'untilDeadline' | 'tenMinutes' | 'never' }];
    // Temporal also does not retry a change that AWS may have applied: then the run decides by `retry`.
    if (retry === 'never') expect(failure.nonRetryable).toBe(true);
    const outcome = OUTCOMES[retry];
    const expected = UNUSUAL[`${operation} ${error}`] ?? USUAL[error];
    expect({ error, type: failure.type, outcome }).toEqual({ error, type: error, outcome: expected });
  }
});
