import { dictionaryData } from './dictionary-data.ts';

/** What DICOM PS3.6 says of a data element. */
export interface DictionaryEntry {
  readonly keyword: string;
  /** One VR, or several with `|` between them (`US|SS`): which one holds depends on other elements. */
  readonly vr: string;
  /** Value multiplicity: `1`, `2`, `1-n`, … */
  readonly vm: string;
}

const entries = new Map<number, DictionaryEntry>();
const byKeyword = new Map<string, DictionaryEntry>();
const tags = new Map<string, number>();
/** Elements of repeating groups: all tags that equal `tag` where `mask` has a bit. */
const repeating: { readonly mask: number; readonly tag: number; readonly entry: DictionaryEntry }[] = [];

for (const line of dictionaryData.trim().split('\n')) {
  const [pattern = '', vr = '', vm = '', keyword = ''] = line.split(' ');
  const entry = { keyword, vr, vm };
  byKeyword.set(keyword, entry);
  const tag = Number.parseInt(pattern.replaceAll('x', '0'), 16);
  if (!pattern.includes('x')) {
    entries.set(tag, entry);
    tags.set(keyword, tag);
  } else {
    const mask = Number.parseInt(pattern.replaceAll(/[^x]/g, 'F').replaceAll('x', '0'), 16);
    repeating.push({ mask, tag, entry });
  }
}

/** Elements of odd groups are private (PS3.5 section 7.8): no dictionary that is public knows them. */
export const isPrivate = (tag: number) => (tag & 0x10000) !== 0;

/** What an element is called in the metadata; undefined for those that only their tag tells apart. */
export function keywordOf(tag: number): string | undefined {
  // A keyword of a repeating group, such as OverlayData, stands for the elements of all its groups.
  return entries.get(tag)?.keyword;
}

/** The entry of a tag; none for private elements, group lengths and what the standard does not have. */
export function dictionaryEntry(tag: number): DictionaryEntry | undefined {
  const entry = entries.get(tag);
  if (entry || isPrivate(tag)) return entry;
  return repeating.find(({ mask, tag: base }) => (tag & mask) >>> 0 === base)?.entry;
}

export const keywordEntry = (keyword: string): DictionaryEntry | undefined => byKeyword.get(keyword);

/**
 * The tag of an attribute that is named as in the metadata or in a DICOMweb query: `PatientID` and `00100020` are 0x00100020.
 *
 * @returns undefined for what is neither a keyword of the standard nor eight hex digits
 */
export function tagOf(name: string): number | undefined {
  return /^[0-9a-f]{8}$/i.test(name) ? Number.parseInt(name, 16) : tags.get(name);
}

/** A tag as eight upper-case hex digits, as the metadata name elements without a keyword. */
export const hexTag = (tag: number) => tag.toString(16).toUpperCase().padStart(8, '0');

/**
 * The VR of an element that has none in the file: in Implicit VR, or encoded as UN (PS3.5 section 6.2.2). Of private
 * elements only their creators are known, LO by PS3.5 section 7.8.1, and all group lengths are UL.
 */
export function impliedVr(tag: number): string {
  const element = tag & 0xffff;
  if (isPrivate(tag)) return element >= 0x10 && element <= 0xff ? 'LO' : 'UN';
  if (element === 0) return 'UL';
  return dictionaryEntry(tag)?.vr ?? 'UN';
}
