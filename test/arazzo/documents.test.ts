import * as healthlake from '@aws-sdk/client-healthlake';
import * as imaging from '@aws-sdk/client-medical-imaging';
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parse } from 'yaml';
import { isFleetName } from '../../src/input-rules/fleets.ts';
import { FLOW_RULES } from '../../src/input-rules/flows.ts';
import { DOCUMENTS, DOCUMENT_NAMES, readDocument } from './history.ts';

const documents = DOCUMENT_NAMES.map((name) => `${name}.yaml`);
const openapiFiles = readdirSync(`${DOCUMENTS}openapi`).map((file) => `openapi/${file}`);

/** The flows' own inputs (waiting, reports, continuing a list), and optional ones that Arazzo cannot omit from a request. */
const BEYOND_ARAZZO = [
  'artifactsS3Uri',
  'artifactsKmsKeyId',
  'copiableAttributes',
  'datastoreId',
  'DatastoreId',
  'includePatient',
  'jobId',
  'JobId',
  'jobsNextToken',
  'listFailedFiles',
  'nextToken',
  'NextToken',
  'onFileErrors',
  'polling',
  'promoteToPrimary',
  'revertToVersionId',
  'submittedAfter',
  'submittedBefore',
  'summaries',
];

function lint(...files: string[]) {
  const redocly = join(DOCUMENTS, '../node_modules/.bin/redocly');
  const { status, stdout, stderr } = spawnSync(
    redocly,
    ['lint', '--config', 'redocly.yaml', '--format', 'stylish', ...files],
    { cwd: DOCUMENTS, encoding: 'utf8', env: { ...process.env, REDOCLY_SUPPRESS_UPDATE_NOTICE: 'true' } },
  );
  return { status, output: stdout + stderr };
}

describe('the linter', () => {
  test('finds no problem in the documents and the OpenAPI files', () => {
    expect(lint(...documents, ...openapiFiles)).toMatchObject({ status: 0 });
  });

  test('finds a reference to a missing step', () => {
    const folder = mkdtempSync(join(tmpdir(), 'arazzo-'));
    const faulty = join(folder, 'faulty.yaml');
    const text = readFileSync(`${DOCUMENTS}copy-image-set.yaml`, 'utf8');
    writeFileSync(faulty, text.replaceAll('$steps.copyImageSet', '$steps.copyImageSets'));
    expect(lint(faulty)).toMatchObject({ status: 1, output: expect.stringContaining('outputs-defined') });
    rmSync(folder, { recursive: true });
  });
});

interface Operation {
  readonly operationId: string;
  readonly parameters?: readonly { readonly schema: { readonly const?: string } }[];
  readonly requestBody?: { readonly content: Record<string, unknown> };
}

/** The operations of an OpenAPI file, with their routes. */
function operationsOf(file: string) {
  const { paths }: { paths: Record<string, { get?: Operation; post?: Operation }> } = parse(
    readFileSync(DOCUMENTS + file, 'utf8'),
  );
  return Object.entries(paths).flatMap(([path, { get, post }]) => [
    ...(get ? [{ ...get, method: 'GET', path }] : []),
    ...(post ? [{ ...post, method: 'POST', path }] : []),
  ]);
}

describe.each(documents)('%s', (file) => {
  const { sourceDescriptions, workflows } = readDocument(file);
  const [workflow] = workflows;

  test('contains exactly the workflow of its file name', () => {
    expect(workflows.map(({ workflowId }) => `${workflowId}.yaml`)).toEqual([file]);
  });

  test('refers to existing files and operations, and sends bodies of their types', () => {
    const typesOf = new Map(
      sourceDescriptions
        .flatMap(({ url }) => operationsOf(url))
        .map(({ operationId, requestBody }) => [operationId, Object.keys(requestBody?.content ?? {})]),
    );
    for (const { operationId, requestBody } of workflow!.steps) {
      const types = typesOf.get(operationId);
      expect(types).toBeDefined();
      if (requestBody) expect(types).toContain(requestBody.contentType);
    }
  });
});

const documentedFlows = Object.entries(FLOW_RULES).filter(([flow]) => !isFleetName(flow));

test.each(documentedFlows)('%s takes the inputs of its document', (flow, { schema }) => {
  const file = `${flow.replaceAll(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`)}.yaml`;
  const documented = Object.keys(readDocument(file).workflows[0]!.inputs.properties);
  const taken = Object.keys(schema.properties);
  expect(taken).toEqual(expect.arrayContaining(documented));
  expect([...documented, ...BEYOND_ARAZZO]).toEqual(expect.arrayContaining(taken));
});

test.each(operationsOf('openapi/medical-imaging.yaml'))(
  '$operationId has the route of the SDK',
  (operation) => {
    const { operationId, method, path } = operation;
    const schemas: Record<string, unknown> = imaging;
    expect(schemas[`${operationId}$`]).toMatchObject({ 3: { http: [method, path, 200] } });
  },
);

test.each(operationsOf('openapi/healthlake.yaml'))(
  '$operationId is identified by its target header',
  (operation) => {
    const { operationId, method, path, parameters } = operation;
    expect(healthlake).toHaveProperty(`${operationId}Command`);
    expect([method, path]).toEqual(['POST', `/#${operationId}`]);
    expect(parameters).toMatchObject([
      { name: 'X-Amz-Target', schema: { const: `HealthLake.${operationId}` } },
    ]);
  },
);
