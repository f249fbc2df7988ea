import type { DataSet, Element } from './data-set.ts';
import { dictionaryEntry, hexTag, keywordOf } from './dictionary.ts';
import { readValue, vrOf } from './values.ts';
import { isTooLong, isUid } from './value-rules.ts';

/** DICOM attributes by keyword, as the service's metadata have them; those without a keyword by tag. */
export type Attributes = Record<string, unknown>;

/** The value of an attribute as text: empty for a sequence, for several values, and for none. */
export const asText = (value: unknown): string =>
  typeof value === 'string' || typeof value === 'number' ? String(value) : '';

/** Turns data elements into the members of a metadata document, and notes what the service would warn of. */
export class AttributeReader {
  /** VRs of the attributes that are named by their tags, because no dictionary gives them to the reader. */
  readonly vrs: Record<string, string> = {};
  hasInvalidUid = false;
  hasTooLongValue = false;

  /** The members for the elements of a data set, but for those that `skip` names. */
  read(dataSet: DataSet, skip: readonly number[] = []): Attributes {
    const attributes: Attributes = {};
    for (const element of dataSet.elements.values()) {
      if (skip.includes(element.tag)) continue;
      const vr = vrOf(dataSet, element);
      const name = keywordOf(element.tag) ?? hexTag(element.tag);
      if (keywordOf(element.tag) === undefined) this.vrs[name] = vr;
      attributes[name] = this.#member(dataSet, element, vr);
    }
    return attributes;
  }

  #member(dataSet: DataSet, element: Element, vr: string): unknown {
    if (element.items) return element.items.map((item) => this.read(item));
    if (element.length === 0) return null;
    const value = readValue(dataSet, element, vr);
    if (Buffer.isBuffer(value)) return value.toString('base64');
    this.#check(value, vr);
    const members = value.map(jsonValue);
    const isEmpty = members.length === 0 || (members.length === 1 && members[0] === null);
    if (isEmpty) return null;
    // What may have several values is a list even where it has one.
    const mayHaveSeveral = (dictionaryEntry(element.tag)?.vm ?? '1') !== '1';
    return mayHaveSeveral || members.length > 1 ? members : members[0];
  }

  #check(values: readonly (string | number | bigint)[], vr: string): void {
    for (const value of values) {
      if (typeof value !== 'string' || value === '') continue;
      this.hasTooLongValue ||= isTooLong(vr, value);
      this.hasInvalidUid ||= vr === 'UI' && !isUid(value);
    }
  }
}

/** An empty value is null. JSON has no integers beyond 2^53, which SV and UV hold, nor NaN and infinities: texts. */
function jsonValue(value: string | number | bigint): string | number | null {
  if (typeof value === 'string') return value.trim() === '' ? null : value;
  const number = Number(value);
  const isExact = typeof value === 'bigint' ? Number.isSafeInteger(number) : Number.isFinite(number);
  return isExact ? number : String(value);
}
