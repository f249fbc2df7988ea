import { asText, type Attributes } from '../dicom/attributes.ts';
import { dictionaryEntry, tagOf } from '../dicom/dictionary.ts';

/** A condition of a search, such as `PatientID=1234`. */
export interface Condition {
  /** The name of the attribute in the metadata, such as `PatientID`; for an attribute without a keyword, its tag. */
  readonly keyword: string;
  readonly wanted: string;
}

const dateTimes = new Set(['DA', 'TM', 'DT']);

/**
 * Whether attributes meet a condition (PS3.4 section C.2.2.2). An empty condition matches everything. Dates and times may be a
 * range such as `20260101-20260131`, UIDs and code strings (VR CS) a list with commas, and texts may contain the wildcards `*`
 * and `?`. If an attribute has several values, one of them must match.
 *
 * @param fuzzy - a person name matches if one of its words begins with one of the wanted words, ignoring case
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

/** An upper bound without minutes or seconds includes its whole hour or minute: `-10` matches 10:59. */
function inRange(wanted: string): (text: string) => boolean {
  const [low = '', high = low] = wanted.includes('-') ? wanted.split('-') : [wanted];
  return (text) => text !== '' && text >= low && (high === '' || text <= high || text.startsWith(high));
}

function wildcards(wanted: string): RegExp {
  // Several adjacent asterisks match the same as one. Backtracking over many `.*` would take exponential time.
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
