/** Facts about a JSON text that `JSON.parse` does not report, or that have to be known before it is called. */
export interface JsonFacts {
  /** The bound that the text exceeds; the rest of the text was not read. */
  readonly excess?: keyof JsonBounds | undefined;
  /** A name that an object contains twice. `JSON.parse` keeps the last value without an error. */
  readonly repeated?: string | undefined;
  /** The index of the bracket that closes the list `extension` of the outermost object, if there is one. */
  readonly extensionEnd?: number | undefined;
}

/**
 * Limits on a text before it is parsed. 160 MB of `[[[[…` or `{},{},…` would become gigabytes of objects, and a recursive
 * function would exhaust the stack.
 */
export interface JsonBounds {
  /** How deep objects and lists may lie in one another. */
  readonly depth: number;
  /** How many members and items there may be. */
  readonly values: number;
}

const QUOTE = 0x22;
const COMMA = 0x2c;
const BACKSLASH = 0x5c;
const COLON = 0x3a;
const OPEN_OBJECT = 0x7b;
const CLOSE_OBJECT = 0x7d;
const OPEN_LIST = 0x5b;
const CLOSE_LIST = 0x5d;

/** Reads a text in one pass without recursion. If the text is not valid JSON, only `excess` is meaningful. */
export function jsonFacts(text: string, bounds: JsonBounds): JsonFacts {
  /** The names seen so far in the open object of each level. */
  const open: Names[] = [];
  let level = 0;
  let values = 0;
  let repeated: string | undefined;
  let inExtension = false;
  let extensionEnd: number | undefined;
  for (let i = 0; i < text.length && level >= 0; i++) {
    switch (text.charCodeAt(i)) {
      case QUOTE: {
        const end = endOfString(text, i);
        const colon = afterSpace(text, end + 1);
        if (text.charCodeAt(colon) === COLON) {
          const name = nameIn(text, i, end);
          if (!(open[level] ??= new Names()).add(name)) repeated ??= name;
          if (level === 1 && name === 'extension') {
            inExtension = text.charCodeAt(afterSpace(text, colon + 1)) === OPEN_LIST;
          }
        }
        i = end;
        break;
      }
      case COMMA:
        if (++values >= bounds.values) return { excess: 'values' };
        break;
      case OPEN_OBJECT:
      case OPEN_LIST:
        if (++level > bounds.depth) return { excess: 'depth' };
        open[level]?.clear();
        break;
      case CLOSE_OBJECT:
      case CLOSE_LIST:
        level--;
        if (inExtension && level === 1) {
          inExtension = false;
          extensionEnd = i;
        }
        break;
    }
  }
  return { repeated, extensionEnd };
}

/** With more names than this, a set is faster than a list. */
const FEW = 16;

/** The names of one object. The instance is reused for the next object at the same level. */
class Names {
  #list: string[] = [];
  #set: Set<string> | undefined;

  /** @returns false if the name is there already */
  add(name: string): boolean {
    if (this.#set ? this.#set.has(name) : this.#list.includes(name)) return false;
    if (this.#set) this.#set.add(name);
    else if (this.#list.push(name) > FEW) this.#set = new Set(this.#list);
    return true;
  }

  clear(): void {
    this.#list.length = 0;
    this.#set = undefined;
  }
}

function endOfString(text: string, start: number): number {
  let end = text.indexOf('"', start + 1);
  while (end > 0 && isEscaped(text, end)) end = text.indexOf('"', end + 1);
  return end < 0 ? text.length : end;
}

function isEscaped(text: string, at: number): boolean {
  let backslashes = 0;
  while (text.charCodeAt(at - 1 - backslashes) === BACKSLASH) backslashes++;
  return backslashes % 2 === 1;
}

function afterSpace(text: string, from: number): number {
  let at = from;
  while (isSpace(text.charCodeAt(at))) at++;
  return at;
}

/** Decodes the name, because escapes can spell the same name differently: `\u0069d` is `id`. */
function nameIn(text: string, start: number, end: number): string {
  const name = text.slice(start + 1, end);
  if (!name.includes('\\')) return name;
  try {
    return String(JSON.parse(text.slice(start, end + 1)));
  } catch {
    return name;
  }
}

/** Removes JSON whitespace at both ends. `trim()` would also remove U+00A0 and U+FEFF, which are invalid in JSON. */
export function trimSpace(text: string): string {
  let end = text.length;
  while (isSpace(text.charCodeAt(end - 1))) end--;
  return text.slice(afterSpace(text, 0), end);
}

const isSpace = (code: number) => code === 0x20 || code === 0x09 || code === 0x0a || code === 0x0d;
