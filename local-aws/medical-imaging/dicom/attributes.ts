import type { DataSet, Element } from './data-set.ts';
import { dictionaryEntry, hexTag } from './dictionary.ts';
import { readValue, vrOf } from './values.ts';
import { isTooLong, isUid } from './value-rules.ts';

/** DICOM attributes by keyword, as the service's metadata have them; those without a keyword by tag. */
export type Attributes = Record<string, unknown>;

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
      const entry = dictionaryEntry(element.tag);
      // Two groups of a repeating one, such as the overlays 6000 and 6002, have the same keywords.
      const isNamed = entry !== undefined && !Object.hasOwn(attributes, entry.keyword);
      const name = isNamed ? entry.keyword : hexTag(element.tag);
      if (!isNamed) this.vrs[name] = vr;
      attributes[name] = this.#member(dataSet, element, { vr, vm: entry?.vm ?? '1' });
    }
    return attributes;
  }

  #member(dataSet: DataSet, element: Element, { vr, vm }: { vr: string; vm: string }): unknown {
    if (element.items) return element.items.map((item) => this.read(item));
    if (element.length === 0) return null;
    const value = readValue(dataSet, element, vr);
    if (Buffer.isBuffer(value)) return value.toString('base64');
    this.#check(value, vr);
    const members = value.map(jsonValue);
    const isEmpty = members.length === 0 || (members.length === 1 && members[0] === null);
    // What may have several values is a list even where it has one.
    return isEmpty ? null : vm === '1' && members.length === 1 ? members[0] : members;
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
