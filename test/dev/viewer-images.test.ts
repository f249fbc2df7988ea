/** What the viewer of `npm run dev -- --viewer` shows of imported studies, pixel by pixel. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { dicomFile, type Element } from '../../dev/samples/dicom-file.ts';
import { writeSamples } from '../../dev/samples/index.ts';
import { slice } from '../../dev/samples/phantom.ts';
import { sampleStudies, type Series } from '../../dev/samples/studies.ts';
import { startViewer, type Viewer } from '../../dev/viewer/index.ts';
import { ViewerPage } from '../../dev/viewer/page.ts';
import { localAws, putFiles, type LocalAwsUnderTest } from '../local-aws/harness.ts';
import { activeDatastore, importAll } from '../local-aws/imaging-harness.ts';
import { viewerInBrowser } from '../support/viewer.ts';
import { recognized } from './pictures.ts';

type Image = readonly number[];

const [head, followUp] = sampleStudies('samples');

/** The images of a series of the samples. Those of computed tomography are windowed as their files say: 40 ± 60 Hounsfield units. */
function imagesOf({ plane, size, kind, instances }: Series): Image[] {
  const shown = (density: number) =>
    kind.modality === 'CT' ? Math.max(-20, Math.min(100, density)) : kind.pixel(density);
  return instances.map(({ number }) =>
    slice(plane, (2 * number) / (instances.length + 1) - 1, size).map(shown),
  );
}

/** The frames of the study of many frames: rings, horizontal stripes, vertical stripes, and a gradient. */
const EDGE = 64;
const patterns = [
  (x: number, y: number) => (Math.hypot(x - 32, y - 32) % 16 < 8 ? 255 : 20),
  (_: number, y: number) => (y % 16 < 8 ? 255 : 20),
  (x: number) => (x % 16 < 8 ? 255 : 20),
  (x: number, y: number) => x + y + 64,
];
const frames: readonly Image[] = patterns.map((pattern) =>
  Array.from({ length: EDGE * EDGE }, (_, i) => pattern(i % EDGE, Math.floor(i / EDGE))),
);

describe('the comparison of pixels', () => {
  const allSeries: (readonly [name: string, images: readonly Image[]])[] = [
    ...[...head.series, ...followUp.series].map((each) => [each.description, imagesOf(each)] as const),
    ['many frames', frames],
  ];

  test.each(allSeries)('recognizes each image of %s in another brightness and contrast', (_, images) => {
    const found = images.map((image) =>
      recognized(
        image.map((pixel) => pixel / 3 + 40),
        images,
      ),
    );
    expect(found).toEqual([...images.keys()]);
  });

  test.each(allSeries)('notices that two images of %s are swapped', (_, images) => {
    const [first, second, ...others] = images;
    const swapped = [second ?? [], first ?? [], ...others];
    expect(swapped.map((image) => recognized(image, images))).toEqual(
      images.map((_, i) => (i < 2 ? 1 - i : i)),
    );
  });

  test('recognizes no image in the page that the viewer shows while it loads, or in a black viewport', () => {
    // A screenshot of the viewer in Chromium, before the local AWS has answered. A PGM file ends with one byte for each pixel.
    const file = readFileSync(join(import.meta.dirname, 'loading-page.pgm'));
    const page = [...file.subarray(-EDGE * EDGE)];
    expect(Math.max(...page)).toBeGreaterThan(100);
    for (const images of [frames, imagesOf(followUp.series[0]!)]) {
      expect(recognized(page, images)).toBeUndefined();
      expect(
        recognized(
          page.map(() => 0),
          images,
        ),
      ).toBeUndefined();
    }
  });
});

const tools = viewerInBrowser();

(tools ? describe : describe.skip)('in Chromium, the viewer', () => {
  const manyFrames = '2.25.31';
  const elements: readonly Element[] = [
    ['00080060', 'CS', 'OT'],
    ['00100010', 'PN', 'Synthetic^Cleo'],
    ['00100020', 'LO', 'SYNTHETIC-0003'],
    ['0020000D', 'UI', manyFrames],
    ['0020000E', 'UI', '2.25.32'],
    ['00200013', 'IS', '1'],
    ['00280002', 'US', 1],
    ['00280004', 'CS', 'MONOCHROME2'],
    ['00280008', 'IS', String(frames.length)],
    ['00280010', 'US', EDGE],
    ['00280011', 'US', EDGE],
    ['00280100', 'US', 8],
    ['00280101', 'US', 8],
    ['00280102', 'US', 7],
    ['00280103', 'US', 0],
    ['7FE00010', 'OB', Buffer.from(frames.flat())],
  ];

  let aws: LocalAwsUnderTest;
  let viewer: Viewer;
  let page: ViewerPage | undefined;
  beforeAll(async () => {
    aws = await localAws();
    const datastoreId = await activeDatastore(aws);
    const { dicomUri } = writeSamples({ s3Folder: join(aws.data, 's3') });
    const file = dicomFile('1.2.840.10008.5.1.4.1.1.7.2', '2.25.33', elements);
    await putFiles(aws.data, 'samples', { 'dicom/many.dcm': file });
    await importAll(aws, { datastoreId, inputS3Uri: dicomUri });
    const options = { awsUrl: aws.endpoint, imaging: aws.imaging, say: () => undefined };
    viewer = await startViewer(tools?.files ?? '', options);
  });
  afterEach(() => page?.close());
  afterAll(async () => {
    viewer?.close();
    await aws?.close();
  });

  async function open(studyUid: string): Promise<ViewerPage> {
    const link = (await viewer.links()).find((each) => each.endsWith(`=${studyUid}`)) ?? '';
    return (page = await ViewerPage.open(tools?.browser ?? '', link));
  }

  /** Goes through the images of a series in the viewer: which of these images is in which place? */
  async function order(opened: ViewerPage, images: readonly Image[]): Promise<(number | undefined)[]> {
    const edge = Math.sqrt(images[0]?.length ?? 0);
    const places: (number | undefined)[] = [];
    while (places.length < images.length) {
      await opened.showPlace(places.length + 1);
      const isNext = (image: number | undefined) => image !== undefined && image !== places.at(-1);
      const { pixels } = await opened.until({ width: edge, height: edge }, (picture) =>
        isNext(recognized(picture.pixels, images)),
      );
      places.push(recognized(pixels, images));
    }
    return places;
  }

  test('shows every image of both series of a study in its place', async () => {
    const opened = await open(head.uid);
    const [axial, coronal] = head.series.map(imagesOf);
    // It sorts slices by their position, the topmost and the hindmost first, and the samples have the lowest and the foremost first.
    expect(await order(opened, axial ?? [])).toEqual([4, 3, 2, 1, 0]);
    await opened.showSeries('Coronal');
    expect(await order(opened, coronal ?? [])).toEqual([3, 2, 1, 0]);
  });

  test('shows both images of the other study of the samples', async () => {
    const [sagittal] = followUp.series.map(imagesOf);
    expect(await order(await open(followUp.uid), sagittal ?? [])).toEqual([0, 1]);
  });

  test('shows each frame of an instance of many frames in its place', async () => {
    expect(await order(await open(manyFrames), frames)).toEqual([0, 1, 2, 3]);
  });
});
