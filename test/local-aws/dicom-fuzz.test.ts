/**
 * Whatever bytes come as a DICOM file, the reader reads them or says why it does not, soon and without an error of its
 * own. fast-check prints the seed of a failure.
 */
import { deflateRawSync } from 'node:zlib';
import fc from 'fast-check';
import { NotImportable } from '../../local-aws/medical-imaging/dicom/not-importable.ts';
import { localAws, putFiles } from './harness.ts';
import { activeDatastore, importAll, readMetadata, readObject } from './imaging-harness.ts';
import { bytes, encode, header, implicitLittleEndian, part10, read, syntaxes, words } from './part10.ts';
import type { TestElement } from './part10.ts';

const sequence = (items: readonly (readonly TestElement[])[]): TestElement => [
  '00081110',
  'SQ',
  { items, undefinedLength: true },
];
const everything: readonly TestElement[] = [
  ['00080005', 'CS', 'ISO 2022 IR 13\\ISO 2022 IR 87'],
  ['00100010', 'PN', Buffer.from('\xd4\xcf\xc0\xde=\x1b$B;3ED\x1b(J ', 'latin1')],
  ['00090010', 'LO', 'ACME 1.0'],
  ['00091001', 'UN', bytes(10)],
  ['00720082', 'SV', bytes(16)],
  sequence([[['00081150', 'UI', '1.2'], sequence([[['00080050', 'SH', 'x']]])]]),
  ['00880200', 'SQ', { items: [[['7FE00010', 'OB', { table: [], fragments: [bytes(4)] }]]] }],
];
const native: TestElement = ['7FE00010', 'OB', bytes(48)];
const fragments: TestElement = [
  '7FE00010',
  'OB',
  { table: [0, 16], fragments: [bytes(8), bytes(8, 8), bytes(6)] },
];
const frames: TestElement = ['00280008', 'IS', '2 '];

const files = [
  part10([...everything, frames, native], syntaxes.explicit),
  part10([...everything, frames, native], syntaxes.implicit),
  part10([...everything, native], syntaxes.bigEndian),
  part10([...everything, frames, native], syntaxes.deflated),
  part10([...everything, frames, fragments], syntaxes.jpeg),
  part10([...everything, frames, fragments], syntaxes.mpeg4),
];

/** A file with some of its bytes changed, taken away or doubled. */
const damaged = fc
  .record({
    file: fc.constantFrom(...files),
    changes: fc.array(fc.record({ at: fc.double({ min: 0, max: 1, noNaN: true }), byte: fc.nat(255) }), {
      maxLength: 8,
    }),
    cut: fc.option(fc.double({ min: 0, max: 1, noNaN: true })),
    inserted: fc.option(
      fc.record({ at: fc.double({ min: 0, max: 1, noNaN: true }), bytes: fc.uint8Array({ maxLength: 64 }) }),
    ),
  })
  .map(({ file, changes, cut, inserted }) => {
    const place = (share: number, of: Buffer) => Math.floor(share * (of.length - 1));
    const result = Buffer.from(file);
    for (const { at, byte } of changes) result[place(at, result)] = byte;
    const shortened = cut === null ? result : result.subarray(0, place(cut, result));
    if (inserted === null) return shortened;
    const where = place(inserted.at, shortened);
    return Buffer.concat([shortened.subarray(0, where), inserted.bytes, shortened.subarray(where)]);
  });

/** Reads a file with all its frames; what it does not read must have a reason that holds no value. */
async function readAll(file: Buffer): Promise<'read' | 'refused'> {
  try {
    const { pixelData } = await read(file);
    for (const frame of pixelData?.frames ?? []) expect(frame.read()).toHaveLength(frame.length);
    return 'read';
  } catch (error) {
    expect(error).toBeInstanceOf(NotImportable);
    return 'refused';
  }
}

test('a damaged file is read or refused', async () => {
  const verdicts = { read: 0, refused: 0 };
  await fc.assert(
    fc.asyncProperty(damaged, async (file) => {
      verdicts[await readAll(file)]++;
    }),
    { numRuns: Number(process.env['FUZZ_RUNS'] ?? 3000) },
  );
  // Both happen often, or the damage would be too little or too much to find anything.
  expect(Math.min(verdicts.read, verdicts.refused)).toBeGreaterThan(100);
});

test('a file of random bytes behind a right beginning is read or refused', async () => {
  const syntax = fc.constantFrom(...Object.values(syntaxes));
  await fc.assert(
    fc.asyncProperty(syntax, fc.uint8Array({ maxLength: 500 }), async (transferSyntax, content) => {
      await readAll(Buffer.concat([header(transferSyntax), content]));
    }),
    { numRuns: 1000 },
  );
});

/** A sample prints no seed of its own. */
const seed = Number(process.env['FUZZ_SEED'] ?? Math.floor(Math.random() * 2 ** 31));

test(`a job of damaged files ends, and each of its image sets has its metadata and frames (FUZZ_SEED=${seed})`, async () => {
  const aws = await localAws();
  const datastoreId = await activeDatastore(aws);
  const samples = fc.sample(damaged, { numRuns: 300, seed });
  const names = samples.map((file, i) => [`${i}.dcm`, file] as const);
  await putFiles(aws.data, 'input', Object.fromEntries(names));
  const { jobStatus, outputS3Uri } = await importAll(aws, { datastoreId, inputS3Uri: 's3://input/' });
  expect(jobStatus).toBe('COMPLETED');
  const { jobSummary } = JSON.parse(await readObject(aws, `${outputS3Uri}job-output-manifest.json`));
  expect(jobSummary.numberOfScannedFiles).toBe(300);
  expect(jobSummary.numberOfImportedFiles).toBeGreaterThan(10);
  for (const { imageSetId } of jobSummary.imageSetsSummary) {
    const { Study } = await readMetadata(aws, { datastoreId, imageSetId });
    const instances = Object.values<SeriesMetadata>(Study.Series).flatMap((series) =>
      Object.values(series.Instances),
    );
    expect(instances.length).toBeGreaterThan(0);
    for (const { ID: imageFrameId } of instances.flatMap(({ ImageFrames }) => ImageFrames)) {
      const imageFrameInformation = { imageFrameId };
      const frame = await aws.imaging.getImageFrame({ datastoreId, imageSetId, imageFrameInformation });
      expect((await frame.imageFrameBlob?.transformToByteArray())?.length).toBeGreaterThan(0);
    }
  }
  await expect(aws.imaging.searchImageSets({ datastoreId })).resolves.toBeDefined();
  await aws.close();
});

interface SeriesMetadata {
  readonly Instances: Readonly<Record<string, { readonly ImageFrames: readonly { readonly ID: string }[] }>>;
}

describe('a bomb is refused or harmless:', () => {
  test('deflated data that grow beyond the limit', async () => {
    const zeros = deflateRawSync(Buffer.alloc(300_000_000));
    await expect(read(Buffer.concat([header(syntaxes.deflated), zeros]))).rejects.toThrow(
      'The deflated DICOM data set exceeds 256 MB',
    );
  });

  test('deflated data that end too early', async () => {
    const whole = part10([native], syntaxes.deflated);
    await expect(read(whole.subarray(0, whole.length - 20))).rejects.toThrow('cannot be inflated');
  });

  test.each(['2147483647', '999999999999', '-1', '1e300'])('NumberOfFrames of %s', async (number) => {
    for (const pixels of [native, fragments]) {
      const syntax = pixels === native ? syntaxes.explicit : syntaxes.jpeg;
      const { pixelData } = await read(part10([['00280008', 'IS', number], pixels], syntax));
      expect(pixelData?.frames.length).toBeLessThan(2);
    }
  });

  test('frames without a size', async () => {
    const { pixelData, warnings } = await read(
      part10([['00280010', 'US', words(0)], ['00280008', 'IS', '2147483647'], native]),
    );
    expect(pixelData?.frames).toEqual([]);
    expect(warnings).toMatchObject([{ warning_reason_code: 45328 }]);
  });

  test('frames of a pixel each, more than the metadata could hold', async () => {
    const file = part10([
      ['00280008', 'IS', '400000'],
      ['00280010', 'US', words(1)],
      ['00280011', 'US', words(1)],
      ['7FE00010', 'OB', Buffer.alloc(400_000)],
    ]);
    await expect(read(file)).rejects.toThrow('more than 250000 frames');
  });

  test.each([syntaxes.explicit, syntaxes.implicit])(
    'sequences that nest without end, in %s',
    async (syntax) => {
      // The beginning of a sequence of undefined length and of its item: nothing ends them.
      const element = encode([sequence([])], {
        ...implicitLittleEndian,
        explicit: syntax === syntaxes.explicit,
      });
      const item = Buffer.from('feff00e0ffffffff', 'hex');
      const opening = Buffer.concat([element.subarray(0, -8), item]);
      const nested = Buffer.concat([header(syntax), ...Array.from({ length: 100_000 }, () => opening)]);
      await expect(read(nested)).rejects.toThrow('DICOM sequences are nested more than 128 deep');
    },
  );

  test('long values of padding, for which a regular expression would take hours', async () => {
    const padding = Buffer.concat([Buffer.alloc(5_000_000), Buffer.from('x ')]);
    const { levels } = await read(part10([['0040A160', 'UT', padding]]));
    expect(levels.instance['TextValue']).toHaveLength(5_000_001);
  });

  test('more elements than metadata could hold', async () => {
    const empty = encode([['00091001', 'LO', '']], { ...implicitLittleEndian, explicit: true });
    const many = Buffer.concat([header(syntaxes.explicit), Buffer.alloc(empty.length * 4_000_000, empty)]);
    await expect(read(many)).rejects.toThrow('exceed 50 MB');
  });
});
