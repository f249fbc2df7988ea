/** Takes away what the flows do on purpose, piece by piece, and sees a test fail. `npm run test:mutations` does it. */
import { spawnSync } from 'node:child_process';
import { cpSync, existsSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { BEHAVIOURS, type Behaviour } from './behaviours.ts';

const root = join(import.meta.dirname, '../..');

test.each(BEHAVIOURS)('$what: the code that does it is where the table says', ({ file, code }) => {
  const found = readFileSync(join(root, file), 'utf8').split(code).length - 1;
  expect({ file, code, found }).toEqual({ file, code, found: 1 });
});

/** A pattern of the behaviours to take away; none in `npm test`, where it would take half an hour. */
const wanted = process.env['MUTATIONS'];

(wanted === undefined ? describe.skip : describe)('without it a test fails', () => {
  let copy: string;

  beforeAll(() => {
    copy = mkdtempSync(join(tmpdir(), 'mutations-'));
    cpSync(root, copy, {
      recursive: true,
      filter: (from) => !/\/(node_modules|dist|\.git|\.local)$/.test(from),
    });
    symlinkSync(join(root, 'node_modules'), join(copy, 'node_modules'));
    // What is left of a function whose use was taken away is no reason not to build.
    const rules = join(copy, 'tsconfig.json');
    writeFileSync(rules, readFileSync(rules, 'utf8').replaceAll(/("noUnused\w+"): true/g, '$1: false'));
  });
  afterAll(() => rmSync(copy, { recursive: true }));

  const chosen = BEHAVIOURS.filter(({ what }) => new RegExp(wanted ?? '').test(what));

  test('with all of them no test fails', () => {
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
        // jest shows nothing before the end of the file, which is half an hour away.
        process.stderr.write(`${failed.length} tests fail without: ${what}\n`);
      }
      expect(failed).not.toEqual([]);
      const unseen = flows.filter((flow) => !failed.some((name) => new RegExp(`\\b${flow}\\b`).test(name)));
      expect(unseen).toEqual([]);
    },
    600_000,
  );

  /** The names of the tests that fail in the copy as it is now. */
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
    // Where a server does not come up jest calls every test failed: that says nothing of the behaviour.
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
