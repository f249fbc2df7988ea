import { crc32 } from 'node:zlib';
import type { CreateDatastoreRequest } from '@aws-sdk/client-medical-imaging';
import type { PixelDescription } from '../../local-aws/medical-imaging/dicom/pixel-description.ts';
import { encodedFrames, pixelsOf } from './codecs/encoded-frames.ts';
import { decodedByOpenJpeg } from './codecs/openjpeg.ts';
import { localAws, putFiles, type LocalAwsUnderTest } from './harness.ts';
import { activeDatastore, imageSetsBySeries, importAll, readLines, readMetadata } from './imaging-harness.ts';
import { part10, syntaxes, words, type TestElement } from './part10.ts';

const HTJ2K = '1.2.840.10008.1.2.4.202';
const JPEG_2000_LOSSLESS = '1.2.840.10008.1.2.4.90';
const SEGMENTATION = '1.2.840.10008.5.1.4.1.1.66.4';

interface Image {
  readonly description: PixelDescription;
  /** Native ones follow each other, the others are fragments. */
  readonly frames: readonly Buffer[];
  readonly sopClassUid?: string;
}

/** A DICOM file of a series of its own. */
function imageFile(series: string, { description, frames, sopClassUid }: Image): Buffer {
  const { transferSyntaxUid, rows, columns, samplesPerPixel, bitsAllocated, bitsStored, vr } = description;
  const isNative = /\.1\.2(\.1|\.1\.99|\.2)?$/.test(transferSyntaxUid);
  const word = (number: number) =>
    transferSyntaxUid === syntaxes.bigEndian ? words(number).swap16() : words(number);
  const elements: TestElement[] = [
    ['00080018', 'UI', `${series}.1`],
    ['0020000E', 'UI', series],
    ['00280002', 'US', word(samplesPerPixel)],
    ['00280006', 'US', word(description.planarConfiguration)],
    ['00280008', 'IS', String(frames.length)],
    ['00280010', 'US', word(rows)],
    ['00280011', 'US', word(columns)],
    ['00280100', 'US', word(bitsAllocated)],
    ['00280101', 'US', word(bitsStored)],
    ['00280103', 'US', word(description.pixelRepresentation)],
    isNative
      ? ['7FE00010', vr, Buffer.concat(frames)]
      : ['7FE00010', 'OB', { table: [], fragments: frames.map(evenly) }],
  ];
  if (sopClassUid) elements.push(['00080016', 'UI', sopClassUid]);
  return part10(elements, transferSyntaxUid);
}

const evenly = (bytes: Buffer) => (bytes.length % 2 === 0 ? bytes : Buffer.concat([bytes, Buffer.alloc(1)]));

describe('image frames', () => {
  let aws: LocalAwsUnderTest;
  beforeAll(async () => (aws = await localAws()));
  afterAll(() => aws.close());

  /** Imports images into a data store of their own, and reads of each what the service has made of it. */
  async function imported(images: readonly Image[], datastore?: CreateDatastoreRequest) {
    const datastoreId = await activeDatastore(aws, datastore);
    const files = images.map(
      (image, i) => [`${datastoreId}/${i}.dcm`, imageFile(`1.2.7.${i}`, image)] as const,
    );
    await putFiles(aws.data, 'input', Object.fromEntries(files));
    const job = await importAll(aws, { datastoreId, inputS3Uri: `s3://input/${datastoreId}/` });
    const imageSets = await imageSetsBySeries(aws, datastoreId);
    const instances = await Promise.all(
      images.map(async (_, i) => {
        const imageSetId = imageSets[`1.2.7.${i}`] ?? '';
        const { Study } = await readMetadata(aws, { datastoreId, imageSetId });
        const instance = Study.Series[`1.2.7.${i}`].Instances[`1.2.7.${i}.1`];
        const frameAt = async (index: number) => {
          const imageFrameInformation = { imageFrameId: instance.ImageFrames.at(index).ID };
          const reply = await aws.imaging.getImageFrame({ datastoreId, imageSetId, imageFrameInformation });
          const bytes = Buffer.from((await reply.imageFrameBlob?.transformToByteArray()) ?? []);
          return { bytes, contentType: reply.contentType };
        };
        return { instance, frameAt };
      }),
    );
    return { job, instances };
  }

  const native = (pixels: Buffer, description: Parameters<typeof pixelsOf>[0]): Image => ({
    description: pixelsOf(description),
    frames: [pixels],
  });
  const noise = (length: number, seed = 1) =>
    Buffer.from(Uint8Array.from({ length }, (_, i) => ((i + seed) * 2_654_435_761) >>> 24));

  test('of every lossless syntax come as HTJ2K of the same pixels', async () => {
    const { instances, job } = await imported(
      encodedFrames.map(({ frame, description }) => ({ description, frames: [frame] })),
    );
    for (const [i, { instance, frameAt }] of instances.entries()) {
      const { pixels, min, max, description, name } = encodedFrames[i]!;
      expect({ name, ...instance }).toMatchObject({
        name,
        DICOM: { TransferSyntaxUID: description.transferSyntaxUid },
        StoredTransferSyntaxUID: HTJ2K,
        ChecksumType: 'DECOMPRESSED',
        ImageFrames: [
          {
            PixelDataChecksumFromBaseToFullResolution: [
              { Width: description.columns, Height: description.rows, Checksum: crc32(pixels) },
            ],
            MinPixelValue: min,
            MaxPixelValue: max,
            FrameSizeInBytes: pixels.length,
          },
        ],
      });
      const { bytes, contentType } = await frameAt(0);
      expect(contentType).toBe('image/jph');
      expect((await decodedByOpenJpeg(bytes)).pixels.equals(pixels)).toBe(true);
    }
    await expect(readLines(aws, `${job.outputS3Uri}WARNING/warning.ndjson`)).rejects.toThrow(/key/i);
  });

  test('of native syntaxes come as HTJ2K, the last of several too, whatever their byte order and planes', async () => {
    const size = { rows: 9, columns: 6 };
    const signed = { ...size, bitsAllocated: 8, pixelRepresentation: 1 } as const;
    const colour = { ...size, bitsAllocated: 8, samplesPerPixel: 3, vr: 'OB' };
    const [first, last] = [noise(108, 1), noise(108, 9)];
    const planes = noise(162);
    const plane = (i: number) => Array.from({ length: 3 }, (_, sample) => planes[sample * 54 + i]!);
    const cases: readonly (Image & { readonly pixels: Buffer })[] = [
      { ...native(first, size), frames: [first, noise(108, 5), last], pixels: last },
      { ...native(last, { ...size, pixelRepresentation: 1 }), pixels: last },
      { ...native(first.subarray(0, 54), signed), pixels: first.subarray(0, 54) },
      { ...native(planes, colour), pixels: planes },
      {
        ...native(planes, { ...colour, planarConfiguration: 1 }),
        pixels: Buffer.from(Array.from({ length: 54 }, (_, i) => plane(i)).flat()),
      },
      ...[syntaxes.implicit, syntaxes.deflated].map((transferSyntaxUid) => ({
        ...native(first, { ...size, transferSyntaxUid }),
        pixels: first,
      })),
      {
        ...native(first, { ...size, transferSyntaxUid: syntaxes.bigEndian }),
        pixels: Buffer.from(first).swap16(),
      },
    ];
    const { instances } = await imported(cases);
    for (const [i, { instance, frameAt }] of instances.entries()) {
      const { pixels } = cases[i]!;
      const { bytes } = await frameAt(-1);
      expect((await decodedByOpenJpeg(bytes)).pixels.equals(pixels)).toBe(true);
      const [{ Checksum }] = instance.ImageFrames.at(-1).PixelDataChecksumFromBaseToFullResolution;
      expect(Checksum).toBe(crc32(pixels));
    }
  });

  test('come as JPEG 2000 from a data store with that lossless storage format', async () => {
    const { instances } = await imported(
      encodedFrames.slice(0, 10).map(({ frame, description }) => ({ description, frames: [frame] })),
      { losslessStorageFormat: 'JPEG_2000_LOSSLESS' },
    );
    for (const [i, { instance, frameAt }] of instances.entries()) {
      expect(instance.StoredTransferSyntaxUID).toBe(JPEG_2000_LOSSLESS);
      const { bytes, contentType } = await frameAt(0);
      expect(contentType).toBe('image/j2c');
      expect((await decodedByOpenJpeg(bytes)).pixels.equals(encodedFrames[i]!.pixels)).toBe(true);
    }
  });

  // HealthImaging developer guide, "Supported transfer syntaxes": those with an asterisk.
  test.each([
    ['1.2.840.10008.1.2.4.50', 'image/jpeg'],
    ['1.2.840.10008.1.2.4.91', 'image/j2c'],
    ['1.2.840.10008.1.2.4.203', 'image/jphc'],
    ['1.2.840.10008.1.2.4.112', 'image/jxl'],
  ])('of %s stay as they came', async (transferSyntaxUid, mediaType) => {
    const image = native(noise(100), { rows: 7, columns: 5, transferSyntaxUid });
    const { instances } = await imported([image]);
    const [{ instance, frameAt }] = instances as [(typeof instances)[0]];
    expect(instance).toMatchObject({
      StoredTransferSyntaxUID: transferSyntaxUid,
      ImageFrames: [
        {
          PixelDataChecksumFromBaseToFullResolution: [{ Width: 5, Height: 7, Checksum: crc32(noise(100)) }],
          MinPixelValue: null,
          MaxPixelValue: null,
          FrameSizeInBytes: 100,
        },
      ],
    });
    expect(await frameAt(0)).toEqual({ bytes: noise(100), contentType: mediaType });
  });

  test('of a binary segmentation in Explicit VR Little Endian stay as they came', async () => {
    const image = {
      ...native(noise(8), { rows: 8, columns: 8, bitsAllocated: 1 }),
      sopClassUid: SEGMENTATION,
    };
    const { instances, job } = await imported([image]);
    const [{ instance, frameAt }] = instances as [(typeof instances)[0]];
    expect(instance).toMatchObject({
      StoredTransferSyntaxUID: syntaxes.explicit,
      ImageFrames: [{ MinPixelValue: null, MaxPixelValue: null, FrameSizeInBytes: 8 }],
    });
    expect(await frameAt(0)).toEqual({ bytes: noise(8), contentType: 'application/octet-stream' });
    await expect(readLines(aws, `${job.outputS3Uri}WARNING/warning.ndjson`)).rejects.toThrow(/key/i);
  });

  // HealthImaging developer guide, "Warning codes".
  test('that cannot be transcoded, or are of an unknown syntax, stay as they came, with a warning', async () => {
    const size = { rows: 4, columns: 4 };
    const rle = encodedFrames.find(({ description }) => description.transferSyntaxUid === syntaxes.rle)!;
    const cases: readonly (Image & { readonly code: number })[] = [
      { ...native(noise(64), { ...size, bitsAllocated: 32 }), code: 45312 },
      { ...native(noise(60), { ...size, transferSyntaxUid: syntaxes.rle }), code: 45312 },
      { ...native(noise(60), { ...size, transferSyntaxUid: '1.2.840.10008.1.2.4.51' }), code: 45312 },
      { description: rle.description, frames: [rle.frame, noise(100)], code: 45312 },
      { ...native(noise(60), { ...size, transferSyntaxUid: '1.2.840.10008.1.2.4.52' }), code: 45344 },
      { ...native(noise(60), { ...size, transferSyntaxUid: '1.2.3.4.5' }), code: 45344 },
    ];
    const { instances, job } = await imported(cases);
    for (const [i, { instance, frameAt }] of instances.entries()) {
      const { description, frames } = cases[i]!;
      expect(instance).toMatchObject({
        StoredTransferSyntaxUID: description.transferSyntaxUid,
        ImageFrames: frames.map((frame) => ({ FrameSizeInBytes: frame.length, MinPixelValue: null })),
      });
      expect((await frameAt(0)).bytes).toEqual(frames[0]);
    }
    const warnings = await readLines(aws, `${job.outputS3Uri}WARNING/warning.ndjson`);
    expect(warnings).toMatchObject(
      cases.map(({ code }) => ({ importResponse: { warnings: [{ warning_reason_code: code }] } })),
    );
  });

  test('come byte for byte as they were imported with frameEncoding=stored', async () => {
    await aws.control.settings({ frameEncoding: 'stored' });
    const { instances } = await imported([
      ...encodedFrames.map(({ frame, description }) => ({ description, frames: [evenly(frame)] })),
      native(words(5, 3, 4, 9), { rows: 2, columns: 2 }),
    ]);
    await aws.control.settings({ frameEncoding: 'service' });
    for (const [i, { frame, description }] of encodedFrames.entries()) {
      const { instance, frameAt } = instances[i]!;
      expect(instance.StoredTransferSyntaxUID).toBe(description.transferSyntaxUid);
      expect((await frameAt(0)).bytes).toEqual(evenly(frame));
    }
    const { instance, frameAt } = instances.at(-1)!;
    expect((await frameAt(0)).bytes).toEqual(words(5, 3, 4, 9));
    expect(instance.ImageFrames).toMatchObject([{ MinPixelValue: 3, MaxPixelValue: 9, FrameSizeInBytes: 8 }]);
  });

  test('say the size that they are given in with frameSizeInBytes=encoded', async () => {
    await aws.control.settings({ frameSizeInBytes: 'encoded' });
    const { instances } = await imported([native(Buffer.alloc(20_000), { rows: 100, columns: 100 })]);
    await aws.control.settings({ frameSizeInBytes: 'decoded' });
    const [{ instance, frameAt }] = instances as [(typeof instances)[0]];
    expect(instance.ImageFrames[0].FrameSizeInBytes).toBe((await frameAt(0)).bytes.length);
    expect(instance.ImageFrames[0].FrameSizeInBytes).toBeLessThan(20_000);
  });
});
