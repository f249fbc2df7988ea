/** Takes away what the flows do on purpose, piece by piece, and sees a test fail. `npm run test:mutations` does it. */
import { spawnSync } from 'node:child_process';
import { cpSync, existsSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { BEHAVIOURS, type Behaviour } from './behaviours.ts';

const root = join(import.meta.dirname, '../..');

test.each(BEHAVIOURS)('$what: the code that does it is where the table says', ({ file, code }) => {
  expect(readFileSync(join(root, file), 'utf8').split(code)).toHaveLength(2);
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
    edit('tsconfig.json', (text) =>
      text.replaceAll(/"noUnused\w+": true/g, (rule) => rule.replace('true', 'false')),
    );
  });
  afterAll(() => rmSync(copy, { recursive: true }));

  const edit = (file: string, change: (text: string) => string) => {
    const path = join(copy, file);
    writeFileSync(path, change(readFileSync(path, 'utf8')));
  };

  const chosen = BEHAVIOURS.filter(({ what }) => new RegExp(wanted ?? '').test(what));

  test.each(chosen)(
    '$what',
    (behaviour) => {
      const { what, file, code, without, flows = [] } = behaviour;
      edit(file, (text) => text.replace(code, () => without));
      const failed = failuresOf(behaviour);
      cpSync(join(root, file), join(copy, file));
      // jest shows nothing before the end of the file, which is half an hour away.
      process.stderr.write(`${failed.length} tests fail without: ${what}\n`);

      expect(failed).not.toEqual([]);
      const unseen = flows.filter((flow) => !failed.some((name) => new RegExp(`\\b${flow}\\b`).test(name)));
      expect(unseen).toEqual([]);
    },
    300_000,
  );

  /** The names of the tests that fail in the copy as it is now. */
  function failuresOf({ tests, named }: Behaviour): string[] {
    const report = join(copy, 'report.json');
    rmSync(report, { force: true });
    const jest = join(root, 'node_modules/.bin/jest');
    const args = [...tests, '-t', named, '--json', '--outputFile', report, '--forceExit'];
    const { stderr } = spawnSync(jest, args, { cwd: copy, encoding: 'utf8', timeout: 280_000 });
    if (!existsSync(report)) throw new Error(`the tests have not run:\n${stderr}`);
    const { testResults }: Report = JSON.parse(readFileSync(report, 'utf8'));
    return testResults.flatMap(({ assertionResults }) =>
      assertionResults.filter(({ status }) => status === 'failed').map(({ fullName }) => fullName),
    );
  }
});

interface Report {
  testResults: { assertionResults: { status: string; fullName: string }[] }[];
}
