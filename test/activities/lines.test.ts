/** Reports are read line by line, with every version of Node that package.json permits. */
import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import { linesOf } from '../../src/activities/lines.ts';
import { parseReportLine, tellsOfLoss } from '../../src/activities/report-lines.ts';
import { NODE_VERSIONS, nodeProgram } from '../support/node-programs.ts';

const outputs = join(import.meta.dirname, 'outputs');
const sample = (name: string) => readFileSync(join(outputs, name), 'utf8');

async function collected(chunks: Iterable<Uint8Array>): Promise<string[]> {
  const lines: string[] = [];
  for await (const line of linesOf(chunks)) lines.push(line);
  return lines;
}

// RFC 8259 permits unescaped U+2028 and U+2029 in JSON text. In ndjson a line ends with \n or \r\n.
test('lines are separated by \\n, however the bytes are split into chunks', () => {
  const character = fc.constantFrom('a', 'é', '\u{1F600}', '\u2028', '\u2029', '\u0085', '\r', '\n', '"');
  return fc.assert(
    fc.asyncProperty(fc.array(character), fc.array(fc.nat({ max: 8 })), async (characters, sizes) => {
      const bytes = Buffer.from(characters.join(''));
      const chunks: Uint8Array[] = [];
      let from = 0;
      for (const size of sizes) {
        chunks.push(bytes.subarray(from, from + size));
        from += size;
      }
      chunks.push(bytes.subarray(from));
      const lines = characters.join('').split('\n');
      expect(await collected(chunks)).toEqual(lines.filter((line) => line.trim() !== ''));
    }),
  );
});

test.each(NODE_VERSIONS)('Node %s finds one failure if a file name contains U+2028', (version) => {
  const module = join(import.meta.dirname, '../../dist/src/activities/lines.js');
  const script = `
    const { linesOf } = await import(${JSON.stringify(module)});
    const { createReadStream } = await import('node:fs');
    const files = [];
    for await (const line of linesOf(createReadStream(process.argv[1]))) files.push(JSON.parse(line).inputFile);
    console.log(JSON.stringify({ version: process.versions.node, files }));`;
  const file = join(outputs, 'healthimaging-FAILURE-u2028.ndjson');
  const printed = execFileSync(nodeProgram(version), ['--input-type=module', '-e', script, file]);
  const inputFile: unknown = JSON.parse(sample('healthimaging-FAILURE-u2028.ndjson')).inputFile;
  expect(inputFile).toContain('\u2028');
  expect(JSON.parse(printed.toString())).toEqual({ version, files: [inputFile] });
});

describe('a line that is not JSON', () => {
  // HealthLake developer guide, "Troubleshooting": a key without quotation marks, and a missing bracket.
  test('as in the guide yields its line number and message', () => {
    const line = `{"lineId":9, UpdateResourceResponse:{"jsonBlob":{"resourceType":"OperationOutcome","issue":[{"severity":"error","code":"processing","diagnostics":"Missing required id field in resource json"}]}, "statusCode":400}`;
    expect(parseReportLine(line)).toMatchObject({
      lineId: 9,
      UpdateResourceResponse: { jsonBlob: { issue: [{ code: 'processing' }] }, statusCode: 400 },
    });
  });

  // HealthImaging developer guide, "Understanding import jobs": `True` as in Python.
  test('because of a Python literal is read nevertheless', () => {
    const line = '{"inputFile":"a.dcm","importResponse":{"imageSetId":"1", "isPrimary": True}}';
    expect(parseReportLine(line)).toMatchObject({ inputFile: 'a.dcm', importResponse: { isPrimary: true } });
  });

  test('that cannot be repaired yields no members, and no line throws an error', () => {
    expect(parseReportLine('Doe, Jane')).toEqual({});
    fc.assert(fc.property(fc.string(), (line) => typeof parseReportLine(line) === 'object'));
  });
});

test('a warning without a code is recognized by its type, in both spellings of the guide', () => {
  expect(tellsOfLoss({ type: 'FRAMES_EXTRACTION_FAILURE' })).toBe(true);
  expect(tellsOfLoss({ type: 'FramesExtractionFailure' })).toBe(true);
  expect(tellsOfLoss({ type: 'InvalidOffsetTable' })).toBe(false);
  expect(tellsOfLoss({ type: 'constructor' })).toBe(false);
});
