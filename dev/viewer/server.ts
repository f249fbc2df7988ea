/** Serves the viewer's files and its configuration on this machine. */
import { createReadStream } from 'node:fs';
import { readdir } from 'node:fs/promises';
import { createServer, type ServerResponse } from 'node:http';
import { once } from 'node:events';
import { extname, join, relative, sep } from 'node:path';
import { loopback } from '../ports.ts';

export interface ViewerServer {
  readonly url: string;
  readonly close: () => void;
}

const types: Readonly<Record<string, string>> = {
  '.css': 'text/css',
  '.html': 'text/html; charset=utf-8',
  '.ico': 'image/x-icon',
  '.jpg': 'image/jpeg',
  '.js': 'text/javascript; charset=utf-8',
  '.json': 'application/json',
  '.png': 'image/png',
  '.svg': 'image/svg+xml',
  '.wasm': 'application/wasm',
  '.woff2': 'font/woff2',
};

/**
 * @param folder - the folder of the viewer's files
 * @param configuration - returns the content of `app-config.js`; called for each request, because data stores may change
 */
export async function serveViewer(
  folder: string,
  port: number,
  configuration: () => Promise<string>,
): Promise<ViewerServer> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true });
  const files = new Map(
    entries
      .filter((entry) => entry.isFile())
      .map(({ parentPath, name }) => join(parentPath, name))
      .map((file) => [`/${relative(folder, file).split(sep).join('/')}`, file]),
  );
  const index = join(folder, 'index.html');
  const server = createServer((request, response) => {
    const { pathname } = new URL(request.url ?? '/', 'http://viewer');
    if (pathname === '/app-config.js') void configure(response, configuration);
    else {
      // The viewer is a single-page application: a path without an extension, such as /viewer/…, is answered with index.html.
      const file = files.get(pathname) ?? (extname(pathname) === '' ? index : undefined);
      if (file === undefined) response.writeHead(404).end();
      else {
        response.writeHead(200, { 'content-type': types[extname(file)] ?? 'application/octet-stream' });
        createReadStream(file).pipe(response);
      }
    }
  });
  await once(server.listen(port, loopback), 'listening');
  const address = server.address();
  const actual = typeof address === 'object' && address ? address.port : port;
  return {
    url: `http://${loopback}:${actual}`,
    close() {
      server.close();
      server.closeAllConnections();
    },
  };
}

async function configure(response: ServerResponse, configuration: () => Promise<string>): Promise<void> {
  try {
    const text = await configuration();
    response.writeHead(200, {
      'content-type': 'text/javascript; charset=utf-8',
      'cache-control': 'no-store',
    });
    response.end(text);
  } catch {
    response.writeHead(503).end();
  }
}
