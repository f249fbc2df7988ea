import { dictionaryData } from './dictionary-data.ts';

/** What the data dictionary (DICOM PS3.6) says about a data element. */
export interface DictionaryEntry {
  readonly keyword: string;
  /** One VR, or several with `|` between them (`US|SS`): which one applies depends on other elements. */
  readonly vr: string;
  /** Value multiplicity: `1`, `2`, `1-n`, … */
  readonly vm: string;
}

const entries = new Map<number, DictionaryEntry>();
const byKeyword = new Map<string, DictionaryEntry>();
const tags = new Map<string, number>();
/** Elements of repeating groups, such as overlays (60xx,3000): `mask` has the bits in which a tag must equal `tag`. */
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

/** Elements of odd groups are private (PS3.5 section 7.8): vendors define them, and the public dictionary does not list them. */
export const isPrivate = (tag: number) => (tag & 0x10000) !== 0;

/** The name of an element in the metadata; undefined if the metadata name it by its tag. */
export function keywordOf(tag: number): string | undefined {
  // A keyword of a repeating group, such as OverlayData, would be ambiguous: elements of several groups have it.
  return entries.get(tag)?.keyword;
}

/** The entry of a tag; undefined for private elements, group lengths and tags that the standard does not define. */
export function dictionaryEntry(tag: number): DictionaryEntry | undefined {
  const entry = entries.get(tag);
  if (entry || isPrivate(tag)) return entry;
  return repeating.find(({ mask, tag: base }) => (tag & mask) >>> 0 === base)?.entry;
}

export const keywordEntry = (keyword: string): DictionaryEntry | undefined => byKeyword.get(keyword);

/**
 * The tag of an attribute, by its name in the metadata or in a DICOMweb query: 0x00100020 for `PatientID` and for `00100020`.
 *
 * @returns undefined for a name that is neither a keyword of the standard nor eight hex digits
 */
export function tagOf(name: string): number | undefined {
  return /^[0-9a-f]{8}$/i.test(name) ? Number.parseInt(name, 16) : tags.get(name);
}

/** A tag as eight upper-case hex digits, as the metadata name elements without a keyword. */
export const hexTag = (tag: number) => tag.toString(16).toUpperCase().padStart(8, '0');

/**
 * The VR of an element for which the file gives none: in Implicit VR, or encoded as UN (PS3.5 section 6.2.2). Among private
 * elements only private creators have a known VR (LO, PS3.5 section 7.8.1). All group lengths are UL.
 */
export function impliedVr(tag: number): string {
  const element = tag & 0xffff;
  if (isPrivate(tag)) return element >= 0x10 && element <= 0xff ? 'LO' : 'UN';
  if (element === 0) return 'UL';
  return dictionaryEntry(tag)?.vr ?? 'UN';
}
