/** The longest values that PS3.5 table 6.2-1 allows, in characters; of PN for each component group. */
const maxLengths: Readonly<Record<string, number>> = {
  AE: 16,
  AS: 4,
  CS: 16,
  DA: 8,
  DS: 16,
  DT: 26,
  IS: 12,
  LO: 64,
  LT: 10_240,
  PN: 64,
  SH: 16,
  ST: 1024,
  TM: 14,
  UI: 64,
};

/** Whether a value is longer than its VR allows; trailing padding does not count. */
export function isTooLong(vr: string, text: string): boolean {
  const max = maxLengths[vr];
  // Most values are short, and one of a few code units has no more characters than those.
  if (max === undefined || text.length <= max) return false;
  const parts = vr === 'PN' ? text.split('=') : [text.trimEnd()];
  return parts.some((part) => charactersOf(part) > max);
}

/** Characters, as PS3.5 and the service count them: a pair of surrogates is one. */
export const charactersOf = (text: string) => Array.from(text).length;

/** Whether a text is a UID (PS3.5 section 9.1): numbers without leading zeros, separated by dots. */
export const isUid = (text: string) => /^(0|[1-9]\d*)(\.(0|[1-9]\d*))*$/.test(text);
