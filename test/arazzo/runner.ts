/** Runs the documents on a service with Redocly's Arazzo runner, which is independent of this project. */
import { execFile } from 'node:child_process';
import { cpSync, mkdtempSync, readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, request } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { listen } from '../support/listen.ts';
import { DOCUMENTS } from './history.ts';

/** The result of running a document. */
export interface DocumentEnd {
  readonly status: 'success' | 'error';
  /** The steps that were run, in order; a poll counts once. */
  readonly steps: readonly string[];
}

export interface Runner {
  /** Runs documents by name, one after the other. Each uses its own part of the inputs. */
  run(documents: readonly string[], inputs: object): Promise<Record<string, DocumentEnd>>;
  close(): void;
}

export async function startRunner(aws: string): Promise<Runner> {
  const folder = mkdtempSync(join(tmpdir(), 'arazzo-'));
  cpSync(DOCUMENTS, folder, { recursive: true });
  for (const file of readdirSync(folder, { recursive: true, encoding: 'utf8' })) {
    if (!file.endsWith('.yaml')) continue;
    writeFileSync(join(folder, file), forRunner(readFileSync(join(folder, file), 'utf8')));
  }
  const proxy = createServer((incoming, response) => {
    const { method, headers, url = '' } = incoming;
    // The runner does not percent-encode an ARN in a path, where it must be one label.
    const path = url.replace(/(?<=^\/tags\/)arn:[^?]*/, encodeURIComponent);
    const outgoing = request(new URL(path, aws), { method, headers }, (reply) => {
      const type = reply.headers['content-type'];
      const jsonHeaders = type && { 'content-type': forRunner(type) };
      response.writeHead(reply.statusCode ?? 502, { ...reply.headers, ...jsonHeaders });
      reply.pipe(response);
    });
    outgoing.on('error', () => response.destroy());
    incoming.pipe(outgoing);
  });
  const endpoint = await listen(proxy);
  return {
    run: (documents, inputs) => respect(folder, endpoint, documents, inputs),
    close: () => {
      proxy.close();
      proxy.closeAllConnections();
      rmSync(folder, { recursive: true });
    },
  };
}

/** Shortens the pauses for tests, and sets the only content type that the runner recognizes as JSON. */
function forRunner(text: string): string {
  return text
    .replaceAll(/retryAfter: \d+/g, 'retryAfter: 0.05')
    .replaceAll('application/x-amz-json-1.0', 'application/json');
}

interface Report {
  readonly files: Record<string, { readonly executedWorkflows: readonly [ExecutedWorkflow] }>;
}

interface ExecutedWorkflow {
  readonly status: DocumentEnd['status'];
  /** The runner reports the steps after a `goto` as a separate workflow. */
  readonly executedSteps: readonly ({ readonly stepId: string } | ExecutedWorkflow)[];
}

async function respect(folder: string, endpoint: string, documents: readonly string[], inputs: object) {
  const redocly = join(DOCUMENTS, '../node_modules/.bin/redocly');
  const files = documents.map((name) => `${name}.yaml`);
  const servers = ['medicalImaging', 'healthLake'].flatMap((name) => ['--server', `${name}=${endpoint}`]);
  const limit = ['--execution-timeout', '40000'];
  const report = join(folder, 'report.json');
  const args = ['respect', ...files, '--input', JSON.stringify(inputs), ...servers, ...limit, '-J', report];
  const env = { ...process.env, REDOCLY_SUPPRESS_UPDATE_NOTICE: 'true', REDOCLY_TELEMETRY: 'off' };
  // A document that fails is a valid result, not a failure of the runner.
  const output = await new Promise<string>((resolve) => {
    execFile(redocly, args, { cwd: folder, env }, (_, stdout, stderr) => resolve(stdout + stderr));
  });
  const { files: reports } = readReport(report, output);
  const ends = Object.entries(reports).map(([file, { executedWorkflows }]): [string, DocumentEnd] => {
    const [{ status, executedSteps }] = executedWorkflows;
    const steps = stepsIn(executedSteps).filter((step, index, all) => step !== all[index - 1]);
    return [file.replace('.yaml', ''), { status, steps }];
  });
  return Object.fromEntries(ends);
}

function readReport(report: string, output: string): Report {
  try {
    return JSON.parse(readFileSync(report, 'utf8'));
  } catch {
    throw new Error(`the runner has written no report:\n${output}`);
  }
}

const stepsIn = (executed: ExecutedWorkflow['executedSteps']): string[] =>
  executed.flatMap((one) => ('stepId' in one ? [one.stepId] : stepsIn(one.executedSteps)));
