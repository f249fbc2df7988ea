/**
 * Measures the cost of validating resources against FHIR R4: this checkout and another one alternately import 50,000 resources.
 *
 *     git worktree add ../before COMMIT && (cd ../before && npm ci)
 *     npm run bench -- fhir-import ../before
 *
 * Each import runs in a process of its own, so that its time includes compiling the rules. The ratios compare the fastest import
 * of each checkout, by the time until the job has ended and by the processor time, which other programs affect less.
 */
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { HealthLake } from '@aws-sdk/client-healthlake';
import { compare, costOf, localAwsOf, type Cost } from './support/checkouts.ts';

const PATIENTS = 10_000;

/** 10,000 patients, each with four observations, as NDJSON. */
function ndjson(): string {
  const lines: string[] = [];
  const period = { start: '2024-01-05T10:00:00Z', end: '2024-01-05T10:20:00Z' };
  for (let i = 0; i < PATIENTS; i++) {
    const subject = { reference: `Patient/p${i}` };
    const name = [{ use: 'official', family: `Family${i}`, given: ['Ada', 'Grace'] }];
    const address = [{ line: ['1 Main Street'], city: 'Boston', state: 'MA', postalCode: '02115' }];
    const patient = {
      resourceType: 'Patient',
      id: `p${i}`,
      name,
      gender: 'female',
      birthDate: '1970-01-31',
      address,
    };
    lines.push(JSON.stringify(patient));
    for (const [code, unit] of [
      ['8867-4', '/min'],
      ['8302-2', 'cm'],
      ['29463-7', 'kg'],
      ['8310-5', 'Cel'],
    ]) {
      const valueQuantity = { value: 60 + (i % 40), unit, system: 'http://unitsofmeasure.org', code: unit };
      const coding = [{ system: 'http://loinc.org', code, display: 'A measurement' }];
      const observation = {
        status: 'final',
        code: { coding },
        subject,
        effectivePeriod: period,
        valueQuantity,
      };
      lines.push(JSON.stringify({ resourceType: 'Observation', id: `p${i}-${code}`, ...observation }));
    }
  }
  return lines.join('\n');
}

/** Imports the file with the local AWS of a checkout, in this process. */
async function importBy(checkout: string): Promise<Cost> {
  const start = await localAwsOf(checkout);
  const data = mkdtempSync(path.join(os.tmpdir(), 'bench-fhir-'));
  mkdirSync(path.join(data, 's3/input/x'), { recursive: true });
  writeFileSync(path.join(data, 's3/input/x/all.ndjson'), ndjson());
  const settings = { fhirDatastoreCreateMs: 0, fhirImportSubmittedMs: 0, fhirImportMs: 0 };
  const aws = await start({ data, settings });
  const credentials = { accessKeyId: 'bench', secretAccessKey: 'bench' };
  const client = new HealthLake({ endpoint: aws.endpoint, region: 'us-east-1', credentials });
  const { DatastoreId } = await client.createFHIRDatastore({ DatastoreTypeVersion: 'R4' });
  await client.listFHIRDatastores({});

  const cost = await costOf(async () => {
    const { JobId } = await client.startFHIRImportJob({
      DatastoreId,
      DataAccessRoleArn: 'arn:aws:iam::123456789012:role/bench',
      InputDataConfig: { S3Uri: 's3://input/x/' },
      JobOutputDataConfig: {
        S3Configuration: { S3Uri: 's3://out/', KmsKeyId: 'arn:aws:kms:us-east-1:123456789012:key/1' },
      },
    });
    for (;;) {
      const { ImportJobProperties: job } = await client.describeFHIRImportJob({ DatastoreId, JobId });
      if (job?.EndTime && job.JobStatus !== 'COMPLETED') throw new Error(`the import is ${job.JobStatus}`);
      if (job?.EndTime) break;
      await new Promise((resolve) => setTimeout(resolve, 10));
    }
  });
  client.destroy();
  await aws.close();
  rmSync(data, { recursive: true });
  return cost;
}

function main(): void {
  const [before] = process.argv.slice(2);
  if (before === undefined) {
    console.error(
      'bench/fhir-import: name a built checkout to compare with: npm run bench -- fhir-import ../before',
    );
    process.exitCode = 1;
    return;
  }
  compare('50,000 resources', before, import.meta.filename);
}

if (process.argv[2] === '--import') {
  process.env['AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED'] = 'true';
  void importBy(process.argv[3] ?? '.').then((cost) => console.log(JSON.stringify(cost)));
} else main();
