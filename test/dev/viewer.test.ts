/** The viewer of `npm run dev -- --viewer`: its download, its server, and what it shows of imported studies. */
import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  readdirSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { createServer, type Server } from 'node:http';
import { once } from 'node:events';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { findBrowser } from '../../dev/recording/browser.ts';
import { dicomFile, type Element } from '../../dev/samples/dicom-file.ts';
import { writeSamples } from '../../dev/samples/index.ts';
import { slice } from '../../dev/samples/phantom.ts';
import { startViewer, type Viewer } from '../../dev/viewer/index.ts';
import { bringViewer } from '../../dev/viewer/package.ts';
import { likeness, type Picture, ViewerPage } from '../../dev/viewer/page.ts';
import { serveViewer } from '../../dev/viewer/server.ts';
import { localAws, putFiles, type LocalAwsUnderTest } from '../local-aws/harness.ts';
import { activeDatastore, importAll } from '../local-aws/imaging-harness.ts';

const folder = mkdtempSync(join(tmpdir(), 'viewer-test-'));
afterAll(() => rmSync(folder, { recursive: true }));

describe('the files of the viewer', () => {
  /** Starts an npm registry with one package, which contains one page. */
  async function registry() {
    mkdirSync(join(folder, 'package/dist'), { recursive: true });
    writeFileSync(join(folder, 'package/package.json'), '{"name":"@some/app","version":"1.2.3"}');
    writeFileSync(join(folder, 'package/dist/index.html'), 'the viewer');
    execFileSync('tar', ['czf', 'package.tgz', 'package'], { cwd: folder });
    const tarball = readFileSync(join(folder, 'package.tgz'));
    const integrity = `sha512-${createHash('sha512').update(tarball).digest('base64')}`;
    let downloads = 0;
    server = createServer((request, response) => {
      if (request.url?.endsWith('.tgz')) {
        downloads += 1;
        response.end(tarball);
        return;
      }
      const dist = { tarball: `http://${request.headers.host}/app.tgz`, integrity };
      const versions = { '1.2.3': { name: '@some/app', version: '1.2.3', dist } };
      response.end(JSON.stringify({ name: '@some/app', 'dist-tags': { latest: '1.2.3' }, versions }));
    });
    await once(server.listen(0, '127.0.0.1'), 'listening');
    const address = server.address();
    process.env['npm_config_registry'] =
      `http://127.0.0.1:${typeof address === 'object' ? address?.port : ''}`;
    process.env['npm_config_cache'] = join(folder, 'cache');
    return { integrity, downloads: () => downloads };
  }
  let server: Server | undefined;
  afterEach(() => {
    server?.close();
    delete process.env['npm_config_registry'];
    delete process.env['npm_config_cache'];
  });

  test('are downloaded once, and only those that are expected', async () => {
    const { integrity, downloads } = await registry();
    const [files, said] = [join(folder, 'ohif'), [] as string[]];
    const bring = (expected: string, to = files) =>
      bringViewer(to, (line) => said.push(line), { spec: '@some/app@1.2.3', integrity: expected });
    const elsewhere = join(folder, 'elsewhere');
    await expect(bring('sha512-other', elsewhere)).rejects.toThrow(
      /^npm pack @some\/app@1\.2\.3 gave another file/,
    );
    expect(readdirSync(elsewhere)).toEqual([]);
    said.length = 0;
    const [first, second] = [await bring(integrity), await bring(integrity)];
    expect(readFileSync(join(first, 'index.html'), 'utf8')).toBe('the viewer');
    expect(second).toBe(first);
    expect(said).toEqual(['Downloading the viewer, 48 MB, once: npm pack @some/app@1.2.3']);
    // One download for each of the two folders; the second call with the same folder needs none.
    expect(downloads()).toBe(2);
  });

  test('are missed in one line on a machine that is offline', async () => {
    process.env['npm_config_registry'] = 'http://127.0.0.1:1';
    process.env['npm_config_cache'] = join(folder, 'empty-cache');
    const bring = bringViewer(join(folder, 'offline'), () => undefined);
    await expect(bring).rejects.toThrow(
      /^The viewer is not here and cannot be downloaded \(npm pack @ohif\/app@3\.12\.10: ECONNREFUSED\)\.$/,
    );
  });
});

test('the server of the viewer has its files, its pages and its configuration, and nothing else of the machine', async () => {
  const files = join(folder, 'served');
  mkdirSync(join(files, 'assets'), { recursive: true });
  writeFileSync(join(files, 'index.html'), 'the page');
  writeFileSync(join(files, 'assets/codec.wasm'), 'a codec');
  writeFileSync(join(folder, 'secret.txt'), 'a secret');
  let version = 1;
  const { url, close } = await serveViewer(files, 0, () => Promise.resolve(`window.config = ${version++}`));
  const get = async (path: string) => {
    const reply = await fetch(`${url}${path}`);
    return [reply.status, reply.headers.get('content-type'), await reply.text()];
  };
  expect(await get('/')).toEqual([200, 'text/html; charset=utf-8', 'the page']);
  expect(await get('/viewer/abc?StudyInstanceUIDs=1.2')).toEqual([
    200,
    'text/html; charset=utf-8',
    'the page',
  ]);
  expect(await get('/assets/codec.wasm')).toEqual([200, 'application/wasm', 'a codec']);
  expect(await get('/app-config.js')).toMatchObject([
    200,
    expect.stringContaining('javascript'),
    'window.config = 1',
  ]);
  expect(await get('/app-config.js')).toMatchObject([200, expect.anything(), 'window.config = 2']);
  for (const path of ['/missing.js', '/%2e%2e/secret.txt', '/..%2fsecret.txt']) {
    expect(await get(path)).toMatchObject([404, null, '']);
  }
  close();
});

const ohif = join(import.meta.dirname, '../../.local/ohif/3.12.10/package/dist');
let browser: string | undefined;

describe('in Chromium, the viewer', () => {
  const edge = 64;
  /** Frames that do not resemble each other: rings, horizontal stripes, vertical stripes, and a gradient. */
  const patterns = [
    (x: number, y: number) => (Math.hypot(x - 32, y - 32) % 16 < 8 ? 255 : 20),
    (_: number, y: number) => (y % 16 < 8 ? 255 : 20),
    (x: number) => (x % 16 < 8 ? 255 : 20),
    (x: number, y: number) => x + y + 64,
  ];
  const frames = patterns.map((pattern) =>
    Array.from({ length: edge * edge }, (_, i) => pattern(i % edge, Math.floor(i / edge))),
  );
  const manyFrames: readonly Element[] = [
    ['00080060', 'CS', 'OT'],
    ['00100010', 'PN', 'Synthetic^Cleo'],
    ['00100020', 'LO', 'SYNTHETIC-0003'],
    ['0020000D', 'UI', '2.25.31'],
    ['0020000E', 'UI', '2.25.32'],
    ['00200013', 'IS', '1'],
    ['00280002', 'US', 1],
    ['00280004', 'CS', 'MONOCHROME2'],
    ['00280008', 'IS', String(frames.length)],
    ['00280010', 'US', edge],
    ['00280011', 'US', edge],
    ['00280100', 'US', 8],
    ['00280101', 'US', 8],
    ['00280102', 'US', 7],
    ['00280103', 'US', 0],
    ['7FE00010', 'OB', Buffer.from(frames.flat())],
  ];

  let aws: LocalAwsUnderTest;
  let viewer: Viewer;
  let opened: ViewerPage | undefined;
  beforeAll(async () => {
    browser = await findBrowser();
    if (browser === undefined || !existsSync(ohif)) {
      const missing =
        browser === undefined ? 'Chromium' : `the viewer (npm run dev -- --viewer brings it to ${ohif})`;
      console.log(`No study was opened in the viewer: ${missing} is missing.`);
      return;
    }
    aws = await localAws();
    const datastoreId = await activeDatastore(aws);
    const { dicomUri } = writeSamples({ s3Folder: join(aws.data, 's3') });
    const file = dicomFile('1.2.840.10008.5.1.4.1.1.7.2', '2.25.33', manyFrames);
    await putFiles(aws.data, 'samples', { 'dicom/many.dcm': file });
    await importAll(aws, { datastoreId, inputS3Uri: dicomUri });
    const options = { awsUrl: aws.endpoint, imaging: aws.imaging, say: () => undefined };
    viewer = await startViewer(ohif, options);
  });
  afterEach(() => opened?.close());
  afterAll(async () => {
    viewer?.close();
    await aws?.close();
  });

  const openStudy = async (uid: string): Promise<ViewerPage | undefined> => {
    if (browser === undefined || viewer === undefined) return undefined;
    const link = (await viewer.links()).find((each) => each.endsWith(`=${uid}`)) ?? '';
    return (opened = await ViewerPage.open(browser, link));
  };

  test('shows the first slice of a study of two series, and names both', async () => {
    const [head] = writeSamples({ s3Folder: join(folder, 's3') }).studies;
    const page = await openStudy(head.uid);
    if (!page) return;
    // The slices are at equal distances between -1 and 1, and the viewer shows the topmost first. Its window is 40 ± 60 HU.
    const source = slice('axial', (2 * 5) / 6 - 1, 128).map((density) =>
      Math.max(-20, Math.min(100, density)),
    );
    const size = { width: 128, height: 128 };
    const { pixels } = await page.until(size, (shown) => likeness(shown.pixels, source) > 0.95);
    const other = slice('axial', (2 * 3) / 6 - 1, 128).map((density) =>
      Math.max(-20, Math.min(100, density)),
    );
    expect(likeness(pixels, other)).toBeLessThan(0.95);
    const text = String(await page.page.evaluate('document.body.innerText'));
    expect(text).toMatch(/Axial[^]*Coronal/);
  });

  test('shows each frame of many in its place', async () => {
    const page = await openStudy('2.25.31');
    if (!page) return;
    const size = { width: edge, height: edge };
    const isShown = (frame: readonly number[], { pixels }: Picture) => likeness(pixels, frame) > 0.95;
    for (const [index, frame] of frames.entries()) {
      if (index > 0) await page.next();
      const others = frames.filter((_, other) => other !== index - 1);
      const picture = await page.until(size, (shown) => others.some((each) => isShown(each, shown)));
      expect(frames.map((each) => isShown(each, picture))).toEqual(frames.map((each) => each === frame));
    }
  });
});
