import { createHash, randomUUID } from 'node:crypto';
import { mkdir, readFile, rm, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { ServiceError } from '../errors.ts';
import type { S3Location } from './buckets.ts';
import type { S3Request } from './protocol.ts';

/** S3 user guide, multipart upload limits: the smallest part but for the last one, and the highest part number. */
const SMALLEST_PART = 5 * 1024 * 1024;
const MOST_PARTS = 10_000;

/**
 * Multipart uploads that are under way. Each is a folder of its parts; S3 shows nothing of it until it is completed, and
 * keeps it until it is completed or aborted.
 */
export class Uploads {
  readonly #root: string;

  constructor(root: string) {
    this.#root = path.resolve(root);
  }

  /** @returns the id of the upload */
  async begin(location: S3Location): Promise<string> {
    const id = randomUUID();
    await mkdir(path.join(this.#root, id), { recursive: true });
    await writeFile(path.join(this.#root, id, 'location'), textOf(location));
    return id;
  }

  /** @returns the ETag of the part */
  async writePart(request: S3Request, number: number, body: Uint8Array): Promise<string> {
    const folder = await this.#folderOf(request);
    await writeFile(path.join(folder, String(number)), body);
    return etagOf(body);
  }

  /** @returns the content of the parts that the body of CompleteMultipartUpload names */
  async join(request: S3Request): Promise<Buffer> {
    const folder = await this.#folderOf(request);
    const named = partsIn(Buffer.from(request.body).toString('utf8'));
    const parts = await Promise.all(
      named.map(async ({ number, etag }) => {
        const part = await readFile(path.join(folder, String(number))).catch(() => undefined);
        if (part && etagOf(part) === etag) return part;
        throw new ServiceError('InvalidPart', `Part ${number} could not be found, or its ETag is another.`);
      }),
    );
    if (parts.slice(0, -1).some((part) => part.byteLength < SMALLEST_PART)) {
      throw new ServiceError(
        'EntityTooSmall',
        'Your proposed upload is smaller than the minimum allowed object size.',
      );
    }
    return Buffer.concat(parts);
  }

  async remove(request: S3Request): Promise<void> {
    await rm(await this.#folderOf(request), { recursive: true });
  }

  /** @throws ServiceError `NoSuchUpload` where there is no such upload of this object */
  async #folderOf({ bucket, key, query }: S3Request): Promise<string> {
    const id = query.get('uploadId') ?? '';
    const folder = path.join(this.#root, id);
    const location = /^[0-9a-f-]{36}$/.test(id)
      ? await readFile(path.join(folder, 'location'), 'utf8').catch(() => undefined)
      : undefined;
    if (location === textOf({ bucket, key })) return folder;
    throw new ServiceError('NoSuchUpload', 'The specified multipart upload does not exist.');
  }
}

/** @throws ServiceError for what is no part number */
export function partNumberOf({ query }: S3Request): number {
  const number = Number(query.get('partNumber'));
  if (Number.isInteger(number) && number >= 1 && number <= MOST_PARTS) return number;
  throw new ServiceError('InvalidArgument', `Part number must be an integer between 1 and ${MOST_PARTS}.`);
}

/** @throws ServiceError for a list without parts, or whose parts are not in order */
function partsIn(xml: string): { number: number; etag: string }[] {
  const parts = [...xml.matchAll(/<Part>(.*?)<\/Part>/gs)].map(([, part = '']) => ({
    number: Number(/<PartNumber>(\d+)<\/PartNumber>/.exec(part)?.[1]),
    etag: (/<ETag>(.*?)<\/ETag>/s.exec(part)?.[1] ?? '').replaceAll('&quot;', '"'),
  }));
  if (parts.length === 0) throw new ServiceError('MalformedXML', 'The XML names no part.');
  if (parts.every(({ number }, index) => index === 0 || number > (parts[index - 1]?.number ?? 0)))
    return parts;
  throw new ServiceError('InvalidPartOrder', 'The list of parts was not in ascending order.');
}

const etagOf = (body: Uint8Array) => `"${createHash('md5').update(body).digest('hex')}"`;

const textOf = ({ bucket, key }: S3Location) => JSON.stringify([bucket, key]);
