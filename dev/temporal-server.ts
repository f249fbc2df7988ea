/** A real Temporal server of our own, on a SQLite file, with its Web UI. */
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
  /** Where its state lives, with a log beside it; by default in a temporary folder that goes when the server goes. */
  readonly dbFilename?: string;
  /** The first port to try, 0 for any. */
  readonly port?: number;
  readonly uiPort?: number;
  readonly headless?: boolean;
  /** `KEY=VALUE` pairs; VALUE is JSON. */
  readonly dynamicConfig?: readonly string[];
  /** The `temporal` program, where the caller knows it already. */
  readonly program?: string | undefined;
  readonly say?: Say;
}

export interface TemporalServer extends Child {
  readonly address: string;
  readonly namespace: string;
  /** Where its Web UI is, unless headless. */
  readonly uiUrl: string;
  /** The `temporal` program that it is, which is the Temporal CLI too. */
  readonly program: string;
}

/** By default every timer lasts at least a second. With this a server for tests lets `sleep(10)` last 10 ms. */
export const promptTimers = 'history.timerProcessorMaxTimeShift="10ms"';

/** Starts a server and waits until its namespace is there, with our search attributes. It dies with us. */
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

/** Its HTTP API and its metrics take free ports by themselves. */
function serverArguments(dbFilename: string, ports: Ports, options: TemporalServerOptions): string[] {
  const { headless = false, dynamicConfig = [] } = options;
  return [
    'server',
    'start-dev',
    `--ip=${loopback}`,
    `--port=${ports.port}`,
    headless ? '--headless' : `--ui-port=${ports.uiPort}`,
    `--db-filename=${dbFilename}`,
    '--log-level=error',
    // The user's own profile is about another server.
    '--disable-config-env',
    '--disable-config-file',
    ...OUR_SEARCH_ATTRIBUTE_NAMES.map((name) => `--search-attribute=${name}=Keyword`),
    ...dynamicConfig.map((pair) => `--dynamic-config-value=${pair}`),
  ];
}

/** The lines that it writes once it listens. */
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
