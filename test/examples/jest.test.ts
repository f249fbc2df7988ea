/** The tests of the example pass as its README says. They import this package as a user's tests do. */
import { execFile } from 'node:child_process';
import { readFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { isBuiltin } from 'node:module';
import { instanceFile, sampleStudies } from '../../dev/samples/studies.ts';
import { fhirFiles } from '../../dev/samples/fhir.ts';
import { blocksOf } from '../support/blocks.ts';

const root = join(import.meta.dirname, '../..');

test('the example for Jest passes', async () => {
  const [command = ''] = blocksOf('examples/jest/README.md', 'sh');
  const { stderr } = await promisify(execFile)('/bin/sh', ['-c', command], { cwd: root });
  expect(stderr).toMatch(/^Tests: +4 passed, 4 total$/m);
});

test('everything that the published code imports is installed with the package', async () => {
  const { stdout } = await promisify(execFile)('npm', ['pack', '--dry-run', '--json', '--ignore-scripts'], {
    cwd: root,
  });
  const [{ files }] = JSON.parse(stdout) as [{ files: { path: string }[] }];
  // The bundles of the workflows contain the packages that they import.
  const programs = files.map(({ path }) => path).filter((path) => /(?<!-bundle-[\d.]+)\.js$/.test(path));
  expect(programs).toContain('dist/local-aws/index.js');
  const imported = programs.flatMap((path) =>
    [...readFileSync(join(root, path), 'utf8').matchAll(IMPORT)].map(([, specifier = '']) =>
      packageOf(specifier),
    ),
  );
  expect(imported).toContain('@cornerstonejs/codec-openjph');
  const { dependencies, peerDependencies } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as {
    dependencies: Record<string, string>;
    peerDependencies: Record<string, string>;
  };
  const missing = imported.filter(
    (name) => !isBuiltin(name) && !(name in dependencies) && !(name in peerDependencies),
  );
  expect([...new Set(missing)]).toEqual([]);
});

/** An import of a package, not in a comment. */
const IMPORT = /^(?!\s*(?:\/\/|\/?\*)).*(?:\bfrom |\bimport\()'([^.'][^']*)'/gm;

const packageOf = (specifier: string) =>
  specifier
    .split('/')
    .slice(0, specifier.startsWith('@') ? 2 : 1)
    .join('/');

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
