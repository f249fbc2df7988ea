/** The command line on a real pseudo-terminal: behaviour that exists only there, such as Ctrl-C. */
import { join } from 'node:path';
import { localAws } from './local-aws/harness.ts';
import { withCluster, type Cluster } from './support/cluster.ts';
import { fhirImportOf } from './support/inputs.ts';
import { CTRL_C, CTRL_D, CTRL_Z, Pty } from './support/pty.ts';

const program = join(import.meta.dirname, '../dist/src/cli.js');
const cli = `"${process.execPath}" "${program}"`;

let cluster: Cluster;
let terminal: Pty;

withCluster(localAws, (_, started) => (cluster = started));
beforeEach(async () => {
  terminal = new Pty({
    PATH: process.env['PATH'],
    TEMPORAL_ADDRESS: cluster.address,
    TEMPORAL_TASK_QUEUE: cluster.taskQueue,
  });
  await terminal.until(/ready> /);
});
afterEach(() => terminal.close());

/** A run that stays open until the test ends it, because no worker polls its task queue. */
async function endlessRun(workflowId: string): Promise<void> {
  const args = [fhirImportOf('d'.repeat(32), 'endless')];
  await cluster.flows.temporal.workflow.start('startImportAndWaitCompleted', {
    taskQueue: 'nobody',
    workflowId,
    args,
  });
}

/** The escape sequence with which all foreground colours begin. */
const COLOUR = '\u001B[3';

describe.each(['watch', 'start --watch'])('%s', (command) => {
  const id = command.replaceAll(/\W/g, '');
  const commandLine =
    command === 'watch'
      ? `${cli} watch ${id}`
      : `TEMPORAL_TASK_QUEUE=nobody ${cli} start provisionDatastore --datastore-name x --id ${id} --watch`;
  beforeAll(() => (command === 'watch' ? endlessRun(id) : undefined));
  afterAll(() => cluster.flows.temporal.workflow.getHandle(id).terminate());

  test('ends with Ctrl-C, and says that the run continues', async () => {
    terminal.type(`${commandLine}\n`);
    await terminal.until(/waiting for a worker/);
    terminal.type(CTRL_C);
    expect(await terminal.until(/\nready> /)).toContain(`${id} is still running. To follow it again:`);
    // 128 + SIGINT. A shell that sees it also ends the loop around the command.
    expect(await terminal.exitCode()).toBe(130);
  });

  test('is suspended by Ctrl-Z, and continues with fg', async () => {
    terminal.type(`${commandLine}\n`);
    await terminal.until(/waiting for a worker/);
    terminal.type(CTRL_Z);
    await terminal.until(/Stopped[^]*ready> /);
    // The shell is in the foreground, and the terminal echoes what is typed.
    expect((await terminal.run('echo $((6*7))')).shown).toMatch(/echo \$\(\(6\*7\)\)\r\n42/);
    terminal.type('fg\n');
    await terminal.until(/waiting for a worker/);
    terminal.type(CTRL_C);
    await terminal.until(/\nready> /);
    expect(await terminal.exitCode()).toBe(130);
  });

  test('reads no keys: Ctrl-D and letters have no effect, and the cursor is never hidden', async () => {
    terminal.type(`${commandLine}\n`);
    await terminal.until(/waiting for a worker/);
    terminal.type(`${CTRL_D}abc`);
    await terminal.until(/abc/);
    terminal.resize(20, 10);
    await terminal.until(/waiting for a worker/);
    terminal.type(CTRL_C);
    await terminal.until(/ready> /);
    expect(terminal.shown).not.toContain('\u001B[?25l');
  });
});

describe('schedule backfill asks before it makes more than 100 firings', () => {
  const backfill = `${cli} schedule backfill asked --from 2026-01-01 --to 2026-01-02`;
  beforeAll(() =>
    cluster.flows.schedules.ensure('asked', {
      flow: 'startImportAndWaitCompleted',
      input: fhirImportOf('d'.repeat(32), 'asked'),
      cron: '*/10 * * * *',
    }),
  );
  const fired = async () => (await cluster.flows.schedules.describe('asked')).counts.fired;

  test.each([
    ['n\n', 1, /Nothing was started\./],
    ['\n', 1, /Nothing was started\./],
    [CTRL_D, 1, /Nothing was started\./],
    [CTRL_C, 130, /\^C/],
    ['y\n', 0, /asked starts 145 firings/],
  ])('answered %j, it ends with %d', async (answer, code, said) => {
    terminal.type(`${backfill}\n`);
    await terminal.until(/145 firings of asked.*Continue\? \[y\/N\] /);
    terminal.type(answer);
    expect(await terminal.until(/\nready> /)).toMatch(said);
    expect(await terminal.exitCode()).toBe(code);
    if (code !== 0) expect(await fired()).toBe(0);
  });
});

describe('colour', () => {
  beforeAll(async () => {
    await cluster.flows.start('provisionDatastore', { datastoreName: 'x' }, { workflowId: 'coloured' });
  });

  test('is used on a terminal', async () => {
    expect((await terminal.run(`${cli} watch coloured`)).shown).toContain(COLOUR);
  });

  test.each([
    ['with NO_COLOR', `NO_COLOR=1 ${cli} watch coloured`],
    ['with TERM=dumb', `TERM=dumb ${cli} watch coloured`],
    ['if stderr is a pipe', `${cli} watch coloured 2>&1 | cat`],
    ['if stderr is a file', `${cli} watch coloured 2>/tmp/colour-$$; cat /tmp/colour-$$; rm /tmp/colour-$$`],
  ])('is not used %s', async (_, command) => {
    const { shown } = await terminal.run(command);
    expect(shown).toContain('pollDatastore');
    expect(shown).not.toContain(COLOUR);
  });
});
