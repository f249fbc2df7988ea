/** Starts a real Temporal server with a SQLite file and the Web UI. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { Connection } from '@temporalio/client';
import { OUR_SEARCH_ATTRIBUTE_NAMES } from '../src/lib/search-attributes.ts';
import { type Child, startChild } from './children.ts';
import { freePort, loopback } from './ports.ts';
import { type Say, sayOnStderr } from './say.ts';
import { startServer } from './start-server.ts';
import { findTemporalProgram } from './temporal-program.ts';

export interface TemporalServerOptions {
  /** The SQLite file. The log is written beside it. By default, in a temporary folder that is removed when the server exits. */
  readonly dbFilename?: string;
  /** The first port to try, 0 for any. */
  readonly port?: number;
  readonly uiPort?: number;
  readonly headless?: boolean;
  /** The URL of the codec server that the Web UI asks to decrypt payloads. */
  readonly codecEndpoint?: string | undefined;
  /** `KEY=VALUE` pairs; VALUE is JSON. */
  readonly dynamicConfig?: readonly string[];
  /** The path of the `temporal` program, if the caller has found it already. */
  readonly program?: string | undefined;
  readonly say?: Say;
}

export interface TemporalServer extends Child {
  readonly address: string;
  readonly namespace: string;
  /** The URL of the Web UI, unless headless. */
  readonly uiUrl: string;
  /** The path of the `temporal` program, which is also the Temporal CLI. */
  readonly program: string;
}

/** By default every timer takes at least a second. With this setting `sleep(10)` takes 10 ms, which keeps tests short. */
export const promptTimers = 'history.timerProcessorMaxTimeShift="10ms"';

/** Starts a server and waits until its namespace exists, with our search attributes. The server ends with this process. */
export async function startTemporalServer(options: TemporalServerOptions = {}): Promise<TemporalServer> {
  const { say = sayOnStderr } = options;
  const program = options.program ?? (await findTemporalProgram({ say }));
  const dbFilename = options.dbFilename ?? join(mkdtempSync(join(tmpdir(), 'temporal-')), 'temporal.db');
  const start = async (): Promise<TemporalServer> => {
    const ports = await choosePorts(options, say);
    const child = startChild(program, serverArguments(dbFilename, ports, options), {
      name: 'The Temporal server',
      logFile: `${dbFilename}.log`,
    });
    return {
      ...child,
      address: `${loopback}:${ports.port}`,
      namespace: 'default',
      uiUrl: `http://${loopback}:${ports.uiPort}`,
      program,
    };
  };
  const server = await startServer(
    start,
    async ({ output, address }) => isUp(output()) && hasSearchAttributes(address),
  );
  if (options.dbFilename === undefined) {
    void server.exited.then(() => rmSync(dirname(dbFilename), { recursive: true }));
  }
  return server;
}

interface Ports {
  readonly port: number;
  readonly uiPort: number;
}

async function choosePorts(options: TemporalServerOptions, say: Say): Promise<Ports> {
  const { port = 7233, uiPort = 8233, headless = false } = options;
  return {
    port: await freePort(port, 'Temporal', say),
    uiPort: await freePort(headless ? 0 : uiPort, 'the Temporal Web UI', say),
  };
}

/** The server itself chooses free ports for its HTTP API and its metrics. */
function serverArguments(dbFilename: string, ports: Ports, options: TemporalServerOptions): string[] {
  const { headless = false, codecEndpoint, dynamicConfig = [] } = options;
  return [
    'server',
    'start-dev',
    `--ip=${loopback}`,
    `--port=${ports.port}`,
    headless ? '--headless' : `--ui-port=${ports.uiPort}`,
    ...(codecEndpoint === undefined ? [] : [`--ui-codec-endpoint=${codecEndpoint}`]),
    `--db-filename=${dbFilename}`,
    // A temporary file is removed when the server exits, so waiting for the disk at every write would gain nothing.
    ...(options.dbFilename === undefined ? ['--sqlite-pragma=synchronous=off'] : []),
    '--log-level=error',
    // The user's configuration and profile are for another server.
    '--disable-config-env',
    '--disable-config-file',
    ...OUR_SEARCH_ATTRIBUTE_NAMES.map((name) => `--search-attribute=${name}=Keyword`),
    ...dynamicConfig.map((pair) => `--dynamic-config-value=${pair}`),
  ];
}

/** Whether the server has printed the lines that it prints once it listens. */
const isUp = (output: string): boolean => /^Server: /m.test(output);

async function hasSearchAttributes(address: string): Promise<boolean> {
  const connection = await Connection.connect({ address, connectTimeout: 1_000 });
  try {
    const { customAttributes } = await connection.operatorService.listSearchAttributes({
      namespace: 'default',
    });
    return OUR_SEARCH_ATTRIBUTE_NAMES.every((name) => name in (customAttributes ?? {}));
  } finally {
    await connection.close();
  }
}
