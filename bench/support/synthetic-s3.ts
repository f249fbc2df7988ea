/**
 * An S3 whose objects exist only as a rule: it lists millions of them without storing one. What is written to it is kept in
 * memory. For plans of a size that no disk of a test machine holds.
 */
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

/** The objects of the bucket `input`: the keys in the order of S3, by their number. */
export interface SyntheticObjects {
  readonly count: number;
  readonly keyOf: (index: number) => string;
  readonly size: number;
}

export interface SyntheticS3 {
  readonly endpoint: string;
  /** How many list requests have been answered. */
  readonly lists: number;
  /** What has been written, by `/bucket/key`. */
  readonly written: ReadonlyMap<string, Buffer>;
  /** From the list request with this number on, leaves all unanswered, until {@link release}. */
  holdFrom(number: number): void;
  /** Resolves when a request is left unanswered. */
  held(): Promise<void>;
  release(): void;
  close(): Promise<void>;
}

const PAGE = 1_000;

/** What S3 also says of each object. */
const REST_OF_OBJECT =
  '<LastModified>2026-01-31T13:00:00.000Z</LastModified><ETag>&quot;9b2cf535f27731c974343645a3985328&quot;</ETag>' +
  '<StorageClass>STANDARD</StorageClass>';

export async function startSyntheticS3(objects: SyntheticObjects): Promise<SyntheticS3> {
  const written = new Map<string, Buffer>();
  let [lists, holdFrom] = [0, Infinity];
  let onHold = () => {};
  const server = createServer((request, response) => {
    void bodyOf(request).then((body) => {
      const { pathname, searchParams } = new URL(request.url ?? '', 'http://s3');
      const path = decodeURIComponent(pathname);
      if (request.method === 'PUT') {
        written.set(path, body);
        return response.writeHead(200, { etag: '"x"' }).end();
      }
      if (!searchParams.has('list-type')) return sendObject(response, written.get(path));
      if (lists >= holdFrom) return onHold();
      lists += 1;
      return response
        .writeHead(200, { 'content-type': 'application/xml' })
        .end(pageOf(objects, searchParams));
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    endpoint: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    get lists() {
      return lists;
    },
    written,
    holdFrom: (number) => (holdFrom = number),
    held: () => new Promise((resolve) => (onHold = resolve)),
    release: () => (holdFrom = Infinity),
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

async function bodyOf(request: IncomingMessage): Promise<Buffer> {
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(chunk as Buffer);
  return Buffer.concat(chunks);
}

function sendObject(response: ServerResponse, body: Buffer | undefined): void {
  if (body) response.writeHead(200).end(body);
  else
    response
      .writeHead(404, { 'content-type': 'application/xml' })
      .end('<Error><Code>NoSuchKey</Code></Error>');
}

/** One page of ListObjectsV2. Keys are ASCII, so that they sort in JavaScript as in S3. */
function pageOf({ count, keyOf, size }: SyntheticObjects, query: URLSearchParams): string {
  const prefix = query.get('prefix') ?? '';
  const delimiter = query.get('delimiter');
  const after = query.get('continuation-token') ?? query.get('start-after') ?? '';
  const firstFrom = (name: string, passed: boolean) => {
    let [low, high] = [0, count];
    while (low < high) {
      const middle = (low + high) >>> 1;
      const key = keyOf(middle);
      if (passed ? key > name : key >= name) high = middle;
      else low = middle + 1;
    }
    return low;
  };
  let index = Math.max(firstFrom(prefix, false), after === '' ? 0 : firstFrom(after, true));
  const items: string[] = [];
  let last = '';
  while (index < count && items.length < PAGE) {
    const key = keyOf(index);
    if (!key.startsWith(prefix)) break;
    const end = delimiter === null ? -1 : key.indexOf(delimiter, prefix.length);
    if (end < 0) {
      items.push(`<Contents><Key>${encode(key)}</Key>${REST_OF_OBJECT}<Size>${size}</Size></Contents>`);
      last = key;
      index += 1;
    } else {
      const folder = key.slice(0, end + 1);
      items.push(`<CommonPrefixes><Prefix>${encode(folder)}</Prefix></CommonPrefixes>`);
      last = `${folder}\u{ffff}`;
      index = firstFrom(last, true);
    }
  }
  const isMore = index < count && keyOf(index).startsWith(prefix);
  const next = isMore ? `<NextContinuationToken>${escapeXml(last)}</NextContinuationToken>` : '';
  return (
    `<ListBucketResult><EncodingType>url</EncodingType><IsTruncated>${isMore}</IsTruncated>${next}` +
    `${items.join('')}</ListBucketResult>`
  );
}

/** A token is not encoded as names are. */
const escapeXml = (text: string) => text.replaceAll('&', '&amp;').replaceAll('<', '&lt;');

const encode = (name: string) => encodeURIComponent(name).replaceAll('%2F', '/');
