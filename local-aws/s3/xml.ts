import { parseXML } from '@aws-sdk/xml-builder';
import { ServiceError } from '../errors.ts';
import type { HttpReply } from '../protocols/http.ts';

export type XmlValue = string | number | boolean | undefined | XmlMembers | readonly XmlMembers[];
export interface XmlMembers {
  readonly [name: string]: XmlValue;
}

/** The namespace of S3's documents. Some clients look up elements by it. */
const NAMESPACE = 'http://s3.amazonaws.com/doc/2006-03-01/';

/** A document. Each member is a child of the root, a list is several children with the same name, and a string is only text. */
export function xml(root: string, content: XmlMembers | string): string {
  // S3's error documents have no namespace.
  const attribute = root === 'Error' ? '' : ` xmlns="${NAMESPACE}"`;
  return `<?xml version="1.0" encoding="UTF-8"?>\n<${root}${attribute}>${inside(content)}</${root}>`;
}

export const xmlReply = (root: string, content: XmlMembers | string): HttpReply => ({
  status: 200,
  headers: { 'content-type': 'application/xml' },
  body: xml(root, content),
});

const inside = (content: XmlMembers | string): string =>
  typeof content === 'string'
    ? escaped(content)
    : Object.entries(content)
        .map(([name, value]) => element(name, value))
        .join('');

function element(name: string, value: XmlValue): string {
  if (value === undefined) return '';
  if (isList(value)) return value.map((item) => element(name, item)).join('');
  return `<${name}>${inside(typeof value === 'object' ? value : String(value))}</${name}>`;
}

const isList = (value: XmlValue): value is readonly XmlMembers[] => Array.isArray(value);

/** Characters that are written as references, such as `&#1;`. Keys may have control characters, which XML forbids otherwise. */
// eslint-disable-next-line no-control-regex
const SPECIAL = /[&<>"\u0000-\u001f\ufffe\uffff]/;
const ALL_SPECIAL = new RegExp(SPECIAL, 'g');

const escaped = (text: string) =>
  SPECIAL.test(text) ? text.replaceAll(ALL_SPECIAL, (char) => `&#${char.charCodeAt(0)};`) : text;

/** An element of a parsed document: its children by name. Several children with the same name are a list. */
export type Parsed = Readonly<Record<string, unknown>>;

/** @throws ServiceError `MalformedXML` if the text is not XML, or its root element is another */
export function parseDocument(text: string, root: string): Parsed {
  let parsed: unknown;
  try {
    parsed = parseXML(text);
  } catch {
    throw malformed(`it is not XML, or has no end`);
  }
  const members = childrenOf(parsed)[root];
  if (members === undefined) throw malformed(`its root is not ${root}`);
  return childrenOf(members);
}

export const malformed = (why: string) =>
  new ServiceError('MalformedXML', `The XML you provided was not well-formed or did not validate: ${why}.`);

/** The children with a name as a list, whether there are none, one or several. */
export function listOf(parent: Parsed, name: string): Parsed[] {
  const value = parent[name];
  if (value === undefined || value === '') return [];
  return (Array.isArray(value) ? value : [value]).map(childrenOf);
}

export function textOf(parent: Parsed, name: string): string | undefined {
  const value = parent[name];
  return typeof value === 'string' ? value : undefined;
}

const childrenOf = (value: unknown): Parsed =>
  typeof value === 'object' && value !== null ? Object.fromEntries(Object.entries(value)) : {};
