import type { DataSet, Element } from './data-set.ts';
import { dictionaryEntry, hexTag, keywordOf } from './dictionary.ts';
import { readValue, vrOf } from './values.ts';
import { isTooLong, isUid } from './value-rules.ts';

/** DICOM attributes by keyword, as in the metadata of the service; attributes without a keyword by tag. */
export type Attributes = Record<string, unknown>;

/** The value of an attribute as text; empty if it is missing, is a sequence, or has several values. */
export const asText = (value: unknown): string =>
  typeof value === 'string' || typeof value === 'number' ? String(value) : '';

/** Converts data elements to members of a metadata document, and records what the service would warn about. */
export class AttributeReader {
  /** VRs of the attributes that are named by tag, because readers of the metadata cannot look them up in a dictionary. */
  readonly vrs: Record<string, string> = {};
  hasInvalidUid = false;
  hasTooLongValue = false;

  /** The members for the elements of a data set, without those whose tags are in `skip`. */
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
    // An attribute that may have several values is a list, even if it has only one.
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

/** An empty value becomes null. Integers beyond 2^53 (SV, UV), NaN and infinities become texts, because JSON lacks them. */
function jsonValue(value: string | number | bigint): string | number | null {
  if (typeof value === 'string') return value.trim() === '' ? null : value;
  const number = Number(value);
  const isExact = typeof value === 'bigint' ? Number.isSafeInteger(number) : Number.isFinite(number);
  return isExact ? number : String(value);
}
