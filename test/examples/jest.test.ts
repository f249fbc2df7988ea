/** The tests of the example pass as its README says. They import this package as a user's tests do. */
import { execFile } from 'node:child_process';
import { readFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { instanceFile, sampleStudies } from '../../dev/samples/studies.ts';
import { fhirFiles } from '../../dev/samples/fhir.ts';
import { blocksOf } from '../support/blocks.ts';

const root = join(import.meta.dirname, '../..');

test('the example for Jest passes', async () => {
  const [command = ''] = blocksOf('examples/jest/README.md', 'sh');
  const { stderr } = await promisify(execFile)('/bin/sh', ['-c', command], { cwd: root });
  expect(stderr).toMatch(/^Tests: +4 passed, 4 total$/m);
});

test('the files that the examples import are of the synthetic samples', () => {
  const studies = sampleStudies('examples');
  const [, study] = studies;
  const [series] = study.series;
  const [instance] = series?.instances ?? [];
  if (!series || !instance) throw new Error('The second sample has an image.');
  const folder = join(root, 'examples/files');
  expect(readFileSync(join(folder, 'image.dcm'))).toEqual(instanceFile(study, series, instance));
  expect(readFileSync(join(folder, 'Patient.ndjson'), 'utf8')).toBe(fhirFiles(studies)['Patient.ndjson']);
  expect(readdirSync(folder)).toHaveLength(2);
});
