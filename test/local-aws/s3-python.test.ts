import { execFile } from 'node:child_process';
import { mkdir, readFile } from 'node:fs/promises';
import path from 'node:path';
import { promisify } from 'node:util';
import { python } from '../support/python.ts';
import { localAws, putFiles, type LocalAwsUnderTest } from './harness.ts';

const script = path.join(import.meta.dirname, 's3-habits.py');

const interpreter = python();

(interpreter === undefined ? describe.skip : describe)('S3 as Python uses it', () => {
  let aws: LocalAwsUnderTest;
  beforeAll(async () => (aws = await localAws()));
  afterAll(() => aws.close());

  test('works for every habit of boto3 and the AWS CLI', async () => {
    const folder = path.join(aws.data, 'files');
    await mkdir(folder);
    const names = Array.from({ length: 1001 }, (_, i) => String(i).padStart(4, '0'));
    await putFiles(aws.data, 'collection', Object.fromEntries(names.map((name) => [name, ''])));
    const { stdout } = await promisify(execFile)(interpreter ?? '', [script, aws.endpoint, folder]);
    const habits = [...(await readFile(script, 'utf8')).matchAll(/^def (\w+)\(\):/gm)].map(
      ([, name]) => name,
    );
    const expected = habits.filter((name) => name !== 'main').map((name) => [name, 'ok']);
    expect(JSON.parse(stdout)).toEqual(Object.fromEntries(expected));
    expect(expected.length).toBeGreaterThan(15);
  }, 300_000);
});
