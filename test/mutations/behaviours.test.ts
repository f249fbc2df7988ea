/** Mutation tests: removes each intended behaviour from a copy of the code, and expects a test to fail (`npm run test:mutations`). */
import { spawnSync } from 'node:child_process';
import { cpSync, existsSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Behaviour } from './behaviour.ts';
import { BEHAVIOURS } from './behaviours.ts';

const root = join(import.meta.dirname, '../..');

test.each(BEHAVIOURS)('$what: the table contains the code for it', ({ file, code }) => {
  const found = readFileSync(join(root, file), 'utf8').split(code).length - 1;
  expect({ file, code, found }).toEqual({ file, code, found: 1 });
});

/** A pattern of the behaviours to remove. `npm test` sets none, because all would take half an hour. */
const wanted = process.env['MUTATIONS'];

(wanted === undefined ? describe.skip : describe)('a test fails without it', () => {
  let copy: string;

  beforeAll(() => {
    copy = mkdtempSync(join(tmpdir(), 'mutations-'));
    cpSync(root, copy, {
      recursive: true,
      filter: (from) => !/\/(node_modules|dist|\.git|\.local)$/.test(from),
    });
    symlinkSync(join(root, 'node_modules'), join(copy, 'node_modules'));
    // The copy must compile although a removed call leaves an unused function or import.
    const rules = join(copy, 'tsconfig.json');
    writeFileSync(rules, readFileSync(rules, 'utf8').replaceAll(/("noUnused\w+"): true/g, '$1: false'));
  });
  afterAll(() => rmSync(copy, { recursive: true }));

  const chosen = BEHAVIOURS.filter(({ what }) => new RegExp(wanted ?? '').test(what));

  test('no test fails in the unchanged copy', () => {
    const tests = [...new Set(chosen.flatMap((behaviour) => behaviour.tests))];
    expect(failuresOf({ tests, named: '' })).toEqual([]);
  }, 600_000);

  test.each(chosen)(
    '$what',
    (behaviour) => {
      const { what, file, code, without, flows = [] } = behaviour;
      const path = join(copy, file);
      const whole = readFileSync(path, 'utf8');
      writeFileSync(
        path,
        whole.replace(code, () => without),
      );
      let failed: string[] = [];
      try {
        failed = failuresOf(behaviour);
      } finally {
        writeFileSync(path, whole);
        // jest prints no result before the end of the file, half an hour later.
        process.stderr.write(`${failed.length} tests fail without: ${what}\n`);
      }
      expect(failed).not.toEqual([]);
      const unseen = flows.filter((flow) => !failed.some((name) => new RegExp(`\\b${flow}\\b`).test(name)));
      expect(unseen).toEqual([]);
    },
    600_000,
  );

  /** The names of the tests that fail in the copy. */
  function failuresOf({ tests, named }: Pick<Behaviour, 'tests' | 'named'>): string[] {
    const report = join(copy, 'report.json');
    rmSync(report, { force: true });
    const jest = join(root, 'node_modules/.bin/jest');
    const args = [...tests, '-t', named, '--json', '--outputFile', report, '--forceExit'];
    const { stderr } = spawnSync(jest, args, { cwd: copy, encoding: 'utf8', timeout: 580_000 });
    if (!existsSync(report)) throw new Error(`the tests have not run:\n${stderr}`);
    const { testResults }: Report = JSON.parse(readFileSync(report, 'utf8'));
    const failed = testResults
      .flatMap(({ assertionResults }) => assertionResults)
      .filter(({ status }) => status === 'failed');
    // If a server does not start, jest reports every test as failed, which says nothing about the behaviour.
    const unprepared = failed.find(({ failureMessages }) =>
      /for a hook|withCluster|startStage/.test(failureMessages.join()),
    );
    if (unprepared)
      throw new Error(`the tests could not be prepared:\n${unprepared.failureMessages.join('\n')}`);
    return failed.map(({ fullName }) => fullName);
  }
});

interface Report {
  testResults: { assertionResults: { status: string; fullName: string; failureMessages: string[] }[] }[];
}
