/** Reports are read line by line. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import { linesOf } from '../../src/activities/lines.ts';
import { parseReportLine, tellsOfLoss } from '../../src/activities/report-lines.ts';

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

// `.ci/run` repeats this file on Node 20.19, 22 and 24. Node's own `readline` finds two lines here since version 24.
test('a file name that contains U+2028 is part of one line', async () => {
  const text = sample('healthimaging-FAILURE-u2028.ndjson');
  const lines = await collected([Buffer.from(text)]);
  const names = lines.map((line) => (JSON.parse(line) as { inputFile: string }).inputFile);
  expect(names).toEqual([expect.stringContaining('\u2028')]);
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
