/**
 * Reads the objects in a reply of S3's ListObjectsV2 in place of the AWS SDK, which makes several objects of each XML element.
 * In a plan of millions of objects, reading the lists took most of the time, and its garbage most of the memory of a worker.
 */
import { Readable } from 'node:stream';
import type { ListObjectsV2Command, _Object } from '@aws-sdk/client-s3';
import { isRecord } from '../lib/guards.ts';

/** An object in a list, with its name as it is in the reply. */
export type ListedObject = Pick<_Object, 'Size' | 'ETag' | 'LastModified' | 'StorageClass'> & { Key: string };

/** Holds one page of a list after the other in the same memory, because Node frees that of a buffer late. */
export class PageMemory {
  #bytes = Buffer.alloc(0);

  /** @returns the bytes of the page, which are valid until the next page is read */
  async read(page: Readable): Promise<Buffer> {
    let length = 0;
    for await (const chunk of page as AsyncIterable<Buffer>) {
      if (length + chunk.length > this.#bytes.length)
        this.#bytes = Buffer.concat([this.#bytes.subarray(0, length), chunk], 2 * (length + chunk.length));
      else this.#bytes.set(chunk, length);
      length += chunk.length;
    }
    return this.#bytes.subarray(0, length);
  }
}

/**
 * Takes the objects out of the reply to a command before the SDK reads the rest of it.
 *
 * @returns the objects, once the command has been sent, and until `memory` is used again. They are made one by one, so that none
 *   is kept for longer than it is needed
 */
export function takeObjects(command: ListObjectsV2Command, memory: PageMemory): Iterable<ListedObject> {
  let taken: Buffer = Buffer.alloc(0);
  command.middlewareStack.add(
    (next) => async (args) => {
      const result = await next(args);
      const { response } = result;
      if (isRecord(response) && response['statusCode'] === 200 && response['body'] instanceof Readable) {
        const xml = await memory.read(response['body']);
        // The objects of a list follow one another. (S3 API Reference, ListObjectsV2.)
        const [from, to] = [xml.indexOf(BEGIN), xml.lastIndexOf(END) + END.length];
        if (from >= 0) taken = xml.subarray(from, to);
        response['body'] = Buffer.concat(from < 0 ? [xml] : [xml.subarray(0, from), xml.subarray(to)]);
      }
      return result;
    },
    // The lowest priority is the closest to the network, so that this sees the reply before the SDK's reader.
    { step: 'deserialize', priority: 'low', name: 'takeObjects' },
  );
  return { [Symbol.iterator]: () => objectsIn(taken) };
}

const BEGIN = '<Contents>';
const END = '</Contents>';

function* objectsIn(xml: Buffer): Generator<ListedObject> {
  let from = 0;
  for (let end = xml.indexOf(END); end >= 0; end = xml.indexOf(END, from)) {
    yield objectIn(xml.toString('utf8', from, end));
    from = end + END.length;
  }
}

function objectIn(content: string): ListedObject {
  const { Key, Size, LastModified, StorageClass, ETag } = membersIn(content);
  if (Key === undefined) throw new Error('S3 has listed an object without a key');
  return {
    Key: unescaped(Key),
    ...(Size !== undefined && { Size: Number(Size) }),
    ...(ETag !== undefined && { ETag: unescaped(ETag) }),
    ...(LastModified !== undefined && { LastModified: new Date(LastModified) }),
    ...(StorageClass !== undefined && { StorageClass: StorageClass as NonNullable<_Object['StorageClass']> }),
  };
}

/** The texts of the members that this package uses. */
function membersIn(content: string): Partial<Record<keyof ListedObject, string>> {
  const members: Partial<Record<string, string>> = {};
  for (const [, name = '', text = ''] of content.matchAll(MEMBERS)) members[name] = text;
  return members;
}

const MEMBERS = /<(Key|Size|ETag|LastModified|StorageClass)>([^<]*)<\/\1>/g;

const ENTITIES: Readonly<Record<string, string>> = { amp: '&', lt: '<', gt: '>', quot: '"', apos: "'" };

const unescaped = (text: string): string =>
  text.replace(/&(?:#(\d+)|#x([\da-f]+)|(\w+));/gi, (all, decimal?: string, hex?: string, name = '') => {
    if (decimal !== undefined) return String.fromCodePoint(Number(decimal));
    if (hex !== undefined) return String.fromCodePoint(Number.parseInt(hex, 16));
    return ENTITIES[name] ?? all;
  });
