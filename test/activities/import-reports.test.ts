/** HealthLake writes a report file for each input file. A retry continues where the previous attempt stopped. */
import { MockActivityEnvironment } from '@temporalio/testing';
import { S3Client } from '@aws-sdk/client-s3';
import { importReportsActivity } from '../../src/activities/import-reports.ts';
import { error, startScriptedAws, type ScriptedAws } from '../support/scripted-aws.ts';

const folder = 's3://bucket/out/d-FHIR_IMPORT-j/';
const input = { service: 'healthlake' as const, folder, listFailedFiles: 2, budget: 60_000 };

let aws: ScriptedAws;
let s3: S3Client;

beforeAll(async () => {
  aws = await startScriptedAws();
  s3 = new S3Client({
    endpoint: aws.endpoint,
    region: 'us-east-1',
    forcePathStyle: true,
    maxAttempts: 1,
    credentials: { accessKeyId: 'local', secretAccessKey: 'local' },
  });
});
afterAll(async () => {
  s3.destroy();
  await aws.close();
});

const failure = (lineId: number) => {
  const issue = [{ severity: 'error', code: 'structure', diagnostics: `line ${lineId}` }];
  return `${JSON.stringify({ lineId, UpdateResourceResponse: { jsonBlob: { issue }, statusCode: 400 } })}\n`;
};
const uriOf = (index: number) => `${folder}FAILURE/${String(index).padStart(3, '0')}.ndjson`;

/** Forty files with two failures each. Files before `busy` can be read once, and `busy` only at the second attempt. */
function scriptFiles(busy: number): void {
  const again = error('InternalError', 500);
  const text = failure(1) + failure(2);
  const files = Array.from({ length: 40 }, (_, i) => {
    if (i < busy) return [uriOf(i), [text, again]] as const;
    return [uriOf(i), i === busy ? [again, text] : text] as const;
  });
  aws.script({}, Object.fromEntries(files.map(([uri, reads]) => [uri, reads as string])));
}

async function attempt(number: number, heartbeatDetails: unknown, more: { budget?: number } = {}) {
  const environment = new MockActivityEnvironment({ attempt: number, heartbeatDetails });
  let last = heartbeatDetails;
  environment.on('heartbeat', (details: unknown) => (last = structuredClone(details)));
  const result = await environment
    .run(importReportsActivity(s3), { ...input, ...more })
    .catch((failed: Error) => failed);
  return { result, heartbeat: last };
}

test('the next attempt counts each file once, and reads none again', async () => {
  scriptFiles(25);
  const first = await attempt(1, undefined);
  expect(first.result).toMatchObject({ type: 'InternalError' });
  const { result } = await attempt(2, first.heartbeat);
  expect(result).toEqual({
    failures: {
      uri: `${folder}FAILURE/`,
      byReason: { structure: 80 },
      listed: [1, 2].map((line) => ({
        file: '000.ndjson',
        line,
        reason: 'structure',
        message: `line ${line}`,
      })),
    },
    warnings: { uri: `${folder}SUCCESS_WITH_SEARCH_VALIDATION_FAILURES/`, byType: {}, listed: [] },
  });
});

test('the counts so far are kept if the rest cannot be read', async () => {
  scriptFiles(25);
  const { result } = await attempt(1, undefined, { budget: 0 });
  expect(result).toMatchObject({
    failures: { byReason: { structure: 50 }, unreadable: expect.stringContaining('InternalError') },
  });
});
