import { createHash } from 'node:crypto';
import { hexTag } from '../dicom/dictionary.ts';
import type { DicomElement, Scalar } from './elements.ts';

/** An attribute of the DICOM JSON model (PS3.18 section F.2). */
interface JsonAttribute {
  readonly vr: string;
  readonly Value?: readonly unknown[];
  readonly InlineBinary?: string;
  readonly BulkDataURI?: string;
}
export type DicomJson = Readonly<Record<string, JsonAttribute>>;

/** How to make the BulkDataURIs that replace large binary values in the JSON. */
export interface BulkData {
  /** URL of the instance to which the elements belong. */
  readonly instanceUrl: string;
  /** A binary value with more bytes than this is replaced by a BulkDataURI. */
  readonly maxInlineBytes: number;
  /** Appended to each BulkDataURI: `?imageSetId=…` if the request named an image set, otherwise empty. */
  readonly query: string;
}

/** Converts data elements to an object of the DICOM JSON model. */
export const dicomJson = (elements: readonly DicomElement[], bulk: BulkData): DicomJson =>
  jsonOf(elements, bulk, '');

/**
 * @param path - which sequence item contains the elements: `00081140.0.` is the first item of the sequence (0008,1140); empty
 *   for the elements of the instance itself
 */
function jsonOf(elements: readonly DicomElement[], bulk: BulkData, path: string): DicomJson {
  return Object.fromEntries(
    elements.map((element) => [hexTag(element.tag), attributeOf(element, bulk, path)]),
  );
}

function attributeOf(element: DicomElement, bulk: BulkData, path: string): JsonAttribute {
  const { vr } = element;
  if ('items' in element) {
    const items = element.items.map((item, i) => jsonOf(item, bulk, `${path}${itemPath(element, i)}`));
    return items.length > 0 ? { vr, Value: items } : { vr };
  }
  if ('bytes' in element) {
    const { bytes } = element;
    if (bytes.length === 0) return { vr };
    if (bytes.length <= bulk.maxInlineBytes) return { vr, InlineBinary: bytes.toString('base64') };
    return { vr, BulkDataURI: `${bulk.instanceUrl}/bulkdata/${bulkId(path, element)}${bulk.query}` };
  }
  return element.values.length > 0
    ? { vr, Value: element.values.map((value) => jsonValue(value, vr)) }
    : { vr };
}

const itemPath = ({ tag }: DicomElement, index: number) => `${hexTag(tag)}.${index}.`;

/**
 * The last part of a BulkDataURI: a hash of the element's path in the instance, such as `00081140.0.00091010`. Like AWS's, it
 * has 32 characters of `[0-9a-f]`.
 */
const bulkId = (path: string, { tag }: DicomElement) =>
  createHash('md5')
    .update(`${path}${hexTag(tag)}`)
    .digest('hex');

/** The value to which a BulkDataURI with this id refers; undefined if the instance has no such value. */
export function findBulkData(elements: readonly DicomElement[], id: string, path = ''): Buffer | undefined {
  for (const element of elements) {
    if ('bytes' in element && bulkId(path, element) === id) return element.bytes;
    if (!('items' in element)) continue;
    for (const [i, item] of element.items.entries()) {
      const found = findBulkData(item, id, `${path}${itemPath(element, i)}`);
      if (found) return found;
    }
  }
  return undefined;
}

const groups = ['Alphabetic', 'Ideographic', 'Phonetic'] as const;

function jsonValue(value: Scalar, vr: string): unknown {
  if (value === null || value === '') return null;
  if (vr === 'PN') {
    const parts = String(value).split('=');
    return Object.fromEntries(groups.flatMap((group, i) => (parts[i] ? [[group, parts[i]]] : [])));
  }
  if (vr === 'DS' || vr === 'IS') {
    const text = String(value).trim();
    const number = Number(text);
    return text !== '' && Number.isFinite(number) ? number : text;
  }
  return value;
}
