/**
 * The primitive data types of FHIR R4: the JSON type of each, and the values it allows. (FHIR R4, "Data types", 2.24.0.1.)
 *
 * A value may have 100 MB. Regular expressions that apply to such values therefore search for one wrong character and have
 * no repetition: a repetition such as `(…)+$` stores a backtracking position per character and exhausts the engine's stack.
 */
export interface Primitive {
  readonly json: 'string' | 'number' | 'integer' | 'boolean';
  readonly minimum?: number;
  readonly maximum?: number;
  /** Whether a string is a value of the type; without it every value of the JSON type is. */
  readonly allows?: (text: string) => boolean;
}

/** As in XML Schema, whose notation FHIR uses: `\s` of JavaScript also means U+00A0, which is legal in all strings. */
const SPACE = /[ \t\r\n]/;
const NOT_SPACE = /[^ \t\r\n]/;
const SPACE_AT_AN_END_OR_TWICE = /^[ \t\r\n]|[ \t\r\n]{2}|[ \t\r\n]$/;
/** Strings may not hold characters below U+0020, but for tab, line feed and carriage return. */
// oxlint-disable-next-line no-control-regex
const CONTROL = /[\u0000-\u0008\u000B\u000C\u000E-\u001F]/;
const NOT_BASE64 = /[^A-Za-z0-9+/= \t\r\n]/;

const YEAR = String.raw`(?!0000)\d{4}`;
const DAY = String.raw`(?:0[1-9]|1[0-2])-(?:0[1-9]|[12]\d|3[01])`;
const TIME = String.raw`(?:[01]\d|2[0-3]):[0-5]\d:(?:[0-5]\d|60)(?:\.\d+)?`;
const ZONE = String.raw`(?:Z|[+-](?:(?:0\d|1[0-3]):[0-5]\d|14:00))`;

/** The longest date, time or identifier that is accepted. The standard does not limit the fraction of a second. */
const SHORT = 200;

const like = (pattern: string) => {
  const expression = new RegExp(`^(?:${pattern})$`);
  return (text: string) => text.length <= SHORT && expression.test(text);
};

/** Matches a pattern and checks the day of the month: 2023-02-30 is not a date. */
const dated = (pattern: string) => {
  const matches = like(pattern);
  return (text: string) => matches(text) && hasDay(text.slice(0, 10));
};

function hasDay(date: string): boolean {
  const day = Number(date.slice(8, 10));
  if (day <= 28) return true;
  return day <= new Date(Date.UTC(Number(date.slice(0, 4)), Number(date.slice(5, 7)), 0)).getUTCDate();
}

const MEGABYTE = 1024 * 1024;
const isText = (text: string) => text.length <= MEGABYTE && NOT_SPACE.test(text) && !CONTROL.test(text);
const isUri = (text: string) => text !== '' && !SPACE.test(text);
function isBase64(text: string): boolean {
  if (NOT_BASE64.test(text)) return false;
  let characters = 0;
  for (let i = 0; i < text.length; i++) if (text.charCodeAt(i) > 0x20) characters++;
  return characters > 0 && characters % 4 === 0;
}

const INTEGER = { json: 'integer', minimum: -(2 ** 31), maximum: 2 ** 31 - 1 } as const;

export const primitives: Readonly<Record<string, Primitive>> = {
  base64Binary: { json: 'string', allows: isBase64 },
  boolean: { json: 'boolean' },
  canonical: { json: 'string', allows: isUri },
  code: { json: 'string', allows: (text) => text !== '' && !SPACE_AT_AN_END_OR_TWICE.test(text) },
  date: { json: 'string', allows: dated(`${YEAR}(?:-(?:0[1-9]|1[0-2])|-${DAY})?`) },
  dateTime: {
    json: 'string',
    allows: dated(`${YEAR}(?:-(?:0[1-9]|1[0-2])|-${DAY}(?:T${TIME}${ZONE})?)?`),
  },
  decimal: { json: 'number' },
  id: { json: 'string', allows: like('[A-Za-z0-9.-]{1,64}') },
  instant: { json: 'string', allows: dated(`${YEAR}-${DAY}T${TIME}${ZONE}`) },
  integer: INTEGER,
  markdown: { json: 'string', allows: isText },
  oid: { json: 'string', allows: like(String.raw`urn:oid:[0-2](?:\.(?:0|[1-9]\d*))+`) },
  positiveInt: { ...INTEGER, minimum: 1 },
  string: { json: 'string', allows: isText },
  time: { json: 'string', allows: like(TIME) },
  unsignedInt: { ...INTEGER, minimum: 0 },
  uri: { json: 'string', allows: isUri },
  url: { json: 'string', allows: isUri },
  uuid: { json: 'string', allows: like('urn:uuid:[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}') },
  xhtml: { json: 'string', allows: (text) => /^<div[\s/>]/.test(text.trimStart()) && !CONTROL.test(text) },
};
