import { asText, type Attributes } from '../dicom/attributes.ts';
import { dictionaryEntry, tagOf } from '../dicom/dictionary.ts';

/** One attribute of a search with what it must be. */
export interface Condition {
  /** As in the metadata: `PatientID`. */
  readonly keyword: string;
  readonly wanted: string;
}

const dateTimes = new Set(['DA', 'TM', 'DT']);

/**
 * Whether attributes meet a condition (PS3.4 section C.2.2.2): nothing at all matches everything, dates and times may be a range
 * such as `20260101-20260131`, UIDs and codes a list with commas, and texts have the wildcards `*` and `?`. Of several values one suffices.
 *
 * @param fuzzy - names match where one of their words begins with a word that is searched for, whatever its case
 */
export function meets(attributes: Attributes, { keyword, wanted }: Condition, fuzzy: boolean): boolean {
  if (wanted === '') return true;
  const value = attributes[keyword];
  const texts = (Array.isArray(value) ? value : [value]).map((each: unknown) => asText(each).trim());
  return texts.some(matcher(vrOf(keyword), wanted, fuzzy));
}

const vrOf = (keyword: string) => dictionaryEntry(tagOf(keyword) ?? 0)?.vr ?? 'UN';

function matcher(vr: string, wanted: string, fuzzy: boolean): (text: string) => boolean {
  if (vr === 'DA' && !wanted.includes('-')) return (text) => text === wanted;
  if (dateTimes.has(vr)) return inRange(wanted);
  if (vr === 'UI') {
    const uids = new Set(wanted.split(/[,\\]/));
    return (text) => uids.has(text);
  }
  if (vr === 'PN' && fuzzy) return fuzzily(wanted);
  if (vr === 'CS') {
    const patterns = wanted.split(/[,\\]/).map(wildcards);
    return (text) => patterns.some((pattern) => pattern.test(text));
  }
  const pattern = wildcards(wanted);
  if (vr !== 'PN') return (text) => pattern.test(text);
  return (text) => pattern.test(text) || text.split('=').some((group) => pattern.test(group));
}

/** A bound without minutes or seconds stands for all of its hour or minute. */
function inRange(wanted: string): (text: string) => boolean {
  const [low = '', high = low] = wanted.includes('-') ? wanted.split('-') : [wanted];
  return (text) => text !== '' && text >= low && (high === '' || text <= high || text.startsWith(high));
}

function wildcards(wanted: string): RegExp {
  // Adjacent asterisks mean one, and would take exponential time.
  const parts = wanted.replaceAll(/\*+/g, '*').split(/([*?])/);
  const sources = parts.map(
    (part) => ({ '*': '.*', '?': '.' })[part] ?? part.replaceAll(/[\^$.+()[\]{}|/\\]/g, String.raw`\$&`),
  );
  return new RegExp(`^${sources.join('')}$`, 'su');
}

function fuzzily(wanted: string): (text: string) => boolean {
  const words = (text: string) =>
    text
      .toLowerCase()
      .split(/[\s^="]+/)
      .filter(Boolean);
  const starts = words(wanted);
  return (text) => words(text).some((word) => starts.some((start) => word.startsWith(start)));
}
