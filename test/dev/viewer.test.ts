/** The viewer of `npm run dev -- --viewer`: its download and its server. */
import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { mkdirSync, mkdtempSync, readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import { once } from 'node:events';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { bringViewer } from '../../dev/viewer/package.ts';
import { serveViewer } from '../../dev/viewer/server.ts';

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

  test('cannot be downloaded on a machine that is offline: the error is one line', async () => {
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
