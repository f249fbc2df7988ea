import { crc32 } from 'node:zlib';
import fc from 'fast-check';
import { CannotTranscode } from '../../../local-aws/medical-imaging/codecs/cannot-transcode.ts';
import { Transcoder } from '../../../local-aws/medical-imaging/codecs/transcoder.ts';
import type { PixelDescription } from '../../../local-aws/medical-imaging/dicom/pixel-description.ts';
import { encodedFrames, pixelsOf } from './encoded-frames.ts';
import { decodedByOpenJpeg } from './openjpeg.ts';

const HTJ2K = '1.2.840.10008.1.2.4.202';
const JPEG_2000_LOSSLESS = '1.2.840.10008.1.2.4.90';

describe('the transcoder', () => {
  const transcoder = new Transcoder();
  afterAll(() => transcoder.close());

  test.each(encodedFrames)('decodes to the same pixels as others: $name', async (one) => {
    const { frame, description, pixels, min, max } = one;
    expect(await transcoder.facts(frame, description)).toMatchObject({
      checksum: crc32(pixels),
      size: pixels.length,
      min,
      max,
    });
    const htj2k = await transcoder.transcode(frame, description, HTJ2K);
    expect((await decodedByOpenJpeg(htj2k)).pixels.equals(pixels)).toBe(true);
  });

  const anImage = fc
    .record({
      rows: fc.integer({ min: 1, max: 150 }),
      columns: fc.integer({ min: 1, max: 150 }),
      kind: fc.constantFrom(
        { bitsAllocated: 8, samplesPerPixel: 1 },
        { bitsAllocated: 16, samplesPerPixel: 1 },
        { bitsAllocated: 8, samplesPerPixel: 3 },
      ),
      pixelRepresentation: fc.constantFrom<(0 | 1)[]>(0, 1),
      to: fc.constantFrom(HTJ2K, JPEG_2000_LOSSLESS),
      // Runs of one value, among them the smallest and the largest, and noise.
      values: fc.array(fc.oneof(fc.constantFrom(0, 0xff, 0x80, 0x7f), fc.integer({ min: 0, max: 255 })), {
        minLength: 1,
        maxLength: 40,
      }),
      run: fc.integer({ min: 1, max: 500 }),
    })
    .map(({ kind, values, run, to, ...rest }) => {
      const description = pixelsOf({ ...kind, ...rest });
      const { rows, columns } = description;
      const bytes = (rows * columns * kind.samplesPerPixel * kind.bitsAllocated) / 8;
      const valueAt = (i: number) => values[Math.floor(i / run) % values.length] ?? 0;
      return { description, to, pixels: Buffer.from(Array.from({ length: bytes }, (_, i) => valueAt(i))) };
    });

  test('encodes without loss, as OpenJPEG sees it', async () => {
    await fc.assert(
      fc.asyncProperty(anImage, async ({ description, to, pixels }) => {
        const encoded = await transcoder.transcode(pixels, description, to);
        const { width, height, pixels: decoded } = await decodedByOpenJpeg(encoded);
        expect({ width, height }).toEqual({ width: description.columns, height: description.rows });
        expect(decoded.equals(pixels)).toBe(true);
      }),
      { numRuns: 150 },
    );
  });

  // PS3.5 section 10.18: what a client may rely on in 1.2.840.10008.1.2.4.202.
  test('writes HTJ2K in the order RPCL, with tile-part lengths and a base resolution of 64 pixels', async () => {
    const description = pixelsOf({ rows: 512, columns: 300, bitsAllocated: 8 });
    const encoded = Buffer.from(await transcoder.transcode(Buffer.alloc(512 * 300), description, HTJ2K));
    const cod = encoded.indexOf('ff52', 0, 'hex');
    expect(encoded.readUInt8(cod + 5)).toBe(2);
    expect(encoded.readUInt8(cod + 9)).toBe(3);
    expect(encoded.indexOf('ff55', 0, 'hex')).toBeGreaterThan(0);
    // Rsiz: a codestream of Part 15.
    expect(encoded.readUInt16BE(6) & 0x4000).toBe(0x4000);
  });

  test('tells the size that a frame has when it is encoded', async () => {
    const [{ frame, description, pixels } = encodedFrames[0]!] = encodedFrames;
    const { length } = await transcoder.transcode(frame, description, HTJ2K);
    expect(await transcoder.facts(frame, description, HTJ2K)).toMatchObject({
      size: pixels.length,
      encodedSize: length,
    });
  });

  test('reads big-endian words, words of two pixels, and colour by planes', async () => {
    const checksum = async (bytes: number[], description: Partial<PixelDescription>) =>
      (await transcoder.facts(Buffer.from(bytes), pixelsOf({ rows: 1, columns: 2, ...description })))
        .checksum;
    const big = { bigEndian: true, vr: 'OW' };
    expect(await checksum([1, 2, 3, 4], { ...big, bitsAllocated: 16 })).toBe(
      crc32(Buffer.from([2, 1, 4, 3])),
    );
    expect(await checksum([1, 2], { ...big, bitsAllocated: 8 })).toBe(crc32(Buffer.from([2, 1])));
    expect(await checksum([1, 2], { ...big, vr: 'OB', bitsAllocated: 8 })).toBe(crc32(Buffer.from([1, 2])));
    const planes = { bitsAllocated: 8, samplesPerPixel: 3, planarConfiguration: 1 } as const;
    expect(await checksum([1, 2, 3, 4, 5, 6], planes)).toBe(crc32(Buffer.from([1, 3, 5, 2, 4, 6])));
  });

  test.each([
    { why: '32 bit', description: { bitsAllocated: 32 }, length: 16 },
    { why: 'colour of 16 bit', description: { samplesPerPixel: 3 }, length: 24 },
    { why: 'fewer pixels than rows and columns', description: {}, length: 7 },
    { why: 'no pixels', description: { rows: 0 }, length: 0 },
    { why: 'a frame of gigabytes', description: { rows: 65535, columns: 65535 }, length: 8 },
    { why: 'JPEG XL', description: { transferSyntaxUid: '1.2.840.10008.1.2.4.112' }, length: 8 },
  ])('refuses $why', async ({ description, length }) => {
    const pixels = pixelsOf({ rows: 2, columns: 2, ...description });
    await expect(transcoder.facts(Buffer.alloc(length), pixels)).rejects.toThrow(CannotTranscode);
  });

  test('refuses a frame that promises another image than its data set, before a codec allocates it', async () => {
    for (const { frame, description } of encodedFrames) {
      if (description.transferSyntaxUid.endsWith('.5')) continue;
      const other = { ...description, rows: description.rows + 1 };
      await expect(transcoder.facts(frame, other)).rejects.toThrow(CannotTranscode);
    }
  });

  // Some decoders give what they have, and nothing for the rest.
  test('invents no pixels of a frame that is cut short', async () => {
    for (const { frame, description } of encodedFrames) {
      const cut = frame.subarray(0, frame.length * 0.9);
      await expect(transcoder.facts(cut, description)).rejects.toThrow(CannotTranscode);
    }
  });

  test('outlives frames that are malformed, and decodes the next one', async () => {
    const aDamagedFrame = fc
      .tuple(
        fc.constantFrom(...encodedFrames.filter(({ frame }) => frame.length < 5000)),
        fc.array(fc.tuple(fc.nat(4999), fc.nat(255)), { minLength: 1, maxLength: 8 }),
        fc.option(fc.nat(4999)),
      )
      .map(([{ frame, description }, flips, cut]) => {
        const damaged = Buffer.from(frame);
        for (const [at, value] of flips) damaged[at % frame.length] = value;
        const end = frame.subarray(-2);
        return {
          description,
          frame: cut === null ? damaged : Buffer.concat([damaged.subarray(0, cut % frame.length), end]),
        };
      });
    const [sound = encodedFrames[0]!] = encodedFrames;
    await fc.assert(
      fc.asyncProperty(aDamagedFrame, async ({ frame, description }) => {
        await transcoder.facts(frame, description).catch((error: unknown) => {
          if (!(error instanceof CannotTranscode)) throw error;
        });
        const { checksum } = await transcoder.facts(sound.frame, sound.description);
        expect(checksum).toBe(crc32(sound.pixels));
      }),
      { numRuns: 100 },
    );
  });
});
