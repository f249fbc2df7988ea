import { chmodSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { findTemporalProgram, installByGo } from '../../dev/temporal-program.ts';

const temporalScript = 'echo "temporal version 1.5.1 (Server 1.29.1, UI 2.42.1)"';

describe('findTemporalProgram', () => {
  let folder: string;
  let said: string[];
  const say = (line: string) => void said.push(line);

  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'program-test-'));
    said = [];
  });
  afterEach(() => rmSync(folder, { recursive: true }));

  /** A simulated machine on which nothing is installed but what the test adds. */
  const machine = (more: NodeJS.ProcessEnv = {}) => ({
    HOME: folder,
    PATH: join(folder, 'bin'),
    GOPATH: join(folder, 'go'),
    XDG_CACHE_HOME: join(folder, 'cache'),
    ...more,
  });

  const install = (path: string, script = temporalScript) => {
    const file = join(folder, path);
    mkdirSync(join(file, '..'), { recursive: true });
    writeFileSync(file, `#!/bin/sh\n${script}\n`);
    chmodSync(file, 0o755);
    return file;
  };

  it('prefers the program that TEMPORAL_CLI_PATH names, then PATH, then the Go folder, then an earlier download', async () => {
    const downloaded = install('cache/aws-health-workflows/temporal-cli-sdk-typescript-1.24.0');
    await expect(findTemporalProgram({ env: machine(), say })).resolves.toBe(downloaded);
    const built = install('go/bin/temporal');
    await expect(findTemporalProgram({ env: machine(), say })).resolves.toBe(built);
    const onPath = install('bin/temporal');
    await expect(findTemporalProgram({ env: machine(), say })).resolves.toBe(onPath);
    const named = install('mine');
    const env = machine({ TEMPORAL_CLI_PATH: named });
    await expect(findTemporalProgram({ env, say })).resolves.toBe(named);
    expect(said).toEqual([]);
  });

  it('skips a program of that name that is something else, and says so if TEMPORAL_CLI_PATH names it', async () => {
    install('bin/temporal', 'echo "temporal, a calendar"');
    const built = install('go/bin/temporal');
    const env = machine({ TEMPORAL_CLI_PATH: install('broken', 'exit 1') });
    await expect(findTemporalProgram({ env, say })).resolves.toBe(built);
    expect(said).toEqual([expect.stringContaining('is not a Temporal program')]);
  });

  it('fetches a program if none is installed, and tries the next way if the first fails', async () => {
    const refused = async () => say('refused');
    const fetched = async () => void install('go/bin/temporal');
    const found = findTemporalProgram({ env: machine(), say, fetchers: [refused, fetched] });
    await expect(found).resolves.toBe(join(folder, 'go/bin/temporal'));
    expect(said).toEqual(['refused']);
  });

  it('builds one with Go, and finds it in the Go folder', async () => {
    const path = `${join(folder, 'bin')}:/bin:/usr/bin`;
    const goBin = join(folder, 'moved-bin');
    const template = install('template');
    install(
      'bin/go',
      `case "$1" in
        env) echo ${goBin}; echo ${join(folder, 'go')} ;;
        install) mkdir -p ${goBin}; cp ${template} ${goBin}/temporal ;;
      esac`,
    );
    const found = findTemporalProgram({ env: machine({ PATH: path }), say, fetchers: [installByGo] });
    await expect(found).resolves.toBe(join(goBin, 'temporal'));
    expect(said).toEqual([expect.stringContaining('about 3 minutes')]);
  });

  it('says why Go could not build it', async () => {
    install('bin/go', 'test "$1" != install || { echo "no route to proxy.golang.org"; exit 1; }');
    const env = machine({ PATH: `${join(folder, 'bin')}:/bin:/usr/bin` });
    await expect(findTemporalProgram({ env, say, fetchers: [installByGo] })).rejects.toThrow(
      /none could be fetched/,
    );
    expect(said.at(-1)).toContain('no route to proxy.golang.org');
  });

  it('lists every alternative if no way works', async () => {
    const found = findTemporalProgram({ env: machine(), say, fetchers: [] });
    await expect(found).rejects.toThrow(/temporal\.io.*TEMPORAL_CLI_PATH.*go install .*temporal\.download/s);
  });
});
