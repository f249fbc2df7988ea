import { DataSet, type Element, type Range } from './data-set.ts';
import { impliedVr } from './dictionary.ts';
import { NotImportable } from './not-importable.ts';
import type { ByteSource } from './source.ts';

/** How elements are written down (PS3.5 section 7.1): with or without their VR, and in which order of bytes. */
export interface Encoding {
  readonly explicit: boolean;
  readonly bigEndian: boolean;
}

/** What keeps a file from taking all memory. */
export interface ParserLimits {
  /** Bytes of values that are not pixel data, each element counted as 16 more. */
  readonly maxMetadataBytes: number;
}

/** Reports nest to a dozen levels or two; what is far deeper would exhaust the stack. */
const MAX_NESTING = 128;

const UNDEFINED = 0xffffffff;
const ITEM = 0xfffee000;
const ITEM_END = 0xfffee00d;
const SEQUENCE_END = 0xfffee0dd;

/** Roughly what an element costs in the metadata beside its value. */
const ELEMENT_COST = 16;

/** The VRs of PS3.5 section 6.2 whose length has four bytes in Explicit VR (section 7.1.2). */
const longVrs = new Set('OB OD OF OL OV OW SQ SV UC UN UR UT UV'.split(' '));
const shortVrs = new Set('AE AS AT CS DA DS DT FD FL IS LO LT PN SH SL SS ST TM UI UL US'.split(' '));

/** PixelData, and the two elements that stand in its place (PS3.3 section C.7.6.3). */
export const PIXEL_DATA_TAGS: readonly number[] = [0x7fe00010, 0x7fe00008, 0x7fe00009];

/** Implicit VR Little Endian also holds in values that are encoded as UN (PS3.5 section 6.2.2). */
const implicitLittleEndian: Encoding = { explicit: false, bigEndian: false };

interface Header {
  readonly tag: number;
  /** Undefined where the file has none. */
  readonly vr: string | undefined;
  readonly length: number;
  readonly valueOffset: number;
}

/** Where data elements are read, and what ends them. */
interface Scope {
  readonly end: number;
  readonly encoding: Encoding;
  readonly nesting: number;
  readonly parent?: DataSet;
  /** Elements of this group only: the file meta information. */
  readonly group?: number;
}

const readLength = (bytes: Buffer, offset: number, bigEndian: boolean) =>
  bigEndian ? bytes.readUInt32BE(offset) : bytes.readUInt32LE(offset);

const isCapital = (byte: number | undefined) => byte !== undefined && byte >= 0x41 && byte <= 0x5a;

/** Two capitals are a VR, even one that is not known; anything else belongs to an element without one. */
const vrAt = (bytes: Buffer, offset: number) =>
  isCapital(bytes[offset]) && isCapital(bytes[offset + 1])
    ? bytes.toString('latin1', offset, offset + 2)
    : undefined;

/** Takes a file apart into data elements without reading their values. */
export class Parser {
  readonly #source: ByteSource;
  readonly #limits: ParserLimits;
  #bytesLeft: number;

  constructor(source: ByteSource, limits: ParserLimits) {
    this.#source = source;
    this.#limits = limits;
    this.#bytesLeft = limits.maxMetadataBytes;
  }

  /**
   * The data elements from `position` on.
   *
   * @throws NotImportable where the bytes cannot be data elements, or are more than the limits allow
   */
  dataSet(position: number, scope: Scope): { readonly dataSet: DataSet; readonly end: number } {
    const dataSet = new DataSet(this.#source, scope.parent);
    // Items are encoded like the data set around them, but for those of a sequence that is encoded as UN.
    const isSure = scope.nesting > 0 && scope.encoding !== implicitLittleEndian;
    const encoding = isSure ? scope.encoding : this.#guess(position, scope.encoding);
    const inner = { ...scope, encoding };
    let at = position;
    // What is too short for an element is padding.
    while (at + 8 <= scope.end) {
      const header = this.#header(at, encoding);
      if (header.tag === ITEM_END) return { dataSet, end: at + 8 };
      if (scope.group !== undefined && header.tag >>> 16 !== scope.group) break;
      if (header.tag === SEQUENCE_END || header.tag === ITEM) at += 8;
      else {
        const { element, end } = this.#element(header, inner, dataSet);
        dataSet.elements.set(element.tag, element);
        at = end;
      }
    }
    return { dataSet, end: Math.min(at, scope.end) };
  }

  /** Some writers do not keep to their transfer syntax: whether the first element has a VR shows which one it is. */
  #guess(position: number, encoding: Encoding): Encoding {
    const vr = this.#source.read(position + 4, 2).toString('latin1');
    const hasVr = longVrs.has(vr) || shortVrs.has(vr);
    return encoding.explicit || !hasVr ? encoding : { ...encoding, explicit: true };
  }

  #header(at: number, { explicit, bigEndian }: Encoding): Header {
    const bytes = this.#source.read(at, 12);
    const group = bigEndian ? bytes.readUInt16BE(0) : bytes.readUInt16LE(0);
    const tag = group * 0x10000 + (bigEndian ? bytes.readUInt16BE(2) : bytes.readUInt16LE(2));
    const vr = explicit && group !== 0xfffe ? vrAt(bytes, 4) : undefined;
    if (vr === undefined) return { tag, vr, length: readLength(bytes, 4, bigEndian), valueOffset: at + 8 };
    if (!longVrs.has(vr)) {
      const length = bigEndian ? bytes.readUInt16BE(6) : bytes.readUInt16LE(6);
      return { tag, vr, length, valueOffset: at + 8 };
    }
    if (bytes.length < 12) return { tag, vr, length: 0, valueOffset: at + bytes.length };
    return { tag, vr, length: readLength(bytes, 8, bigEndian), valueOffset: at + 12 };
  }

  #element(header: Header, scope: Scope, owner: DataSet): { element: Element; end: number } {
    const { tag, length, valueOffset: offset } = header;
    const vr = this.#vrOf(header);
    const encoding = header.vr === 'UN' && vr !== 'UN' ? implicitLittleEndian : scope.encoding;
    const { bigEndian } = encoding;
    const limit = length === UNDEFINED ? scope.end : Math.min(offset + length, scope.end);
    this.#spend(ELEMENT_COST);
    if (vr === 'SQ') {
      const sequence = this.#items(offset, { ...scope, end: limit, encoding }, owner);
      const { items } = sequence;
      // A delimiter does not end a sequence whose length is known.
      const end = length === UNDEFINED ? sequence.end : limit;
      return { element: { tag, vr, offset, length: end - offset, bigEndian, cut: false, items }, end };
    }
    const isPixelData = scope.nesting === 0 && PIXEL_DATA_TAGS.includes(tag);
    if (length === UNDEFINED) {
      const { fragments, contentEnd, end, cut } = this.#fragments(offset, scope);
      if (!isPixelData) this.#spend(contentEnd - offset);
      if (!isPixelData && cut) throw new NotImportable('DICOM value of undefined length is malformed');
      return { element: { tag, vr, offset, length: contentEnd - offset, bigEndian, cut, fragments }, end };
    }
    if (!isPixelData) this.#spend(limit - offset);
    const cut = limit < offset + length;
    return { element: { tag, vr, offset, length: limit - offset, bigEndian, cut }, end: limit };
  }

  /** A value of undefined length that the file calls UN, or that nobody knows, is a sequence (PS3.5 section 6.2.2). */
  #vrOf({ tag, vr, length, valueOffset }: Header): string {
    if (vr !== undefined && vr !== 'UN') return vr;
    const implied = impliedVr(tag);
    if (length !== UNDEFINED || implied !== 'UN') return implied;
    if (vr === 'UN') return 'SQ';
    const first = this.#source.read(valueOffset, 4);
    return first.length === 4 && [0xfeff00e0, 0xfffee000].includes(first.readUInt32BE(0)) ? 'SQ' : implied;
  }

  /** The items of a sequence (PS3.5 section 7.5), which begin with a tag of their own each. */
  #items(position: number, scope: Scope, owner: DataSet): { items: DataSet[]; end: number } {
    const nesting = scope.nesting + 1;
    if (nesting > MAX_NESTING) {
      throw new NotImportable(`DICOM sequences are nested more than ${MAX_NESTING} deep`);
    }
    const items: DataSet[] = [];
    let at = position;
    while (at + 8 <= scope.end) {
      const { tag, length, valueOffset } = this.#header(at, scope.encoding);
      if (tag === SEQUENCE_END) return { items, end: valueOffset };
      if (tag !== ITEM) throw new NotImportable('DICOM sequence is malformed: an item was expected');
      this.#spend(ELEMENT_COST);
      const end = length === UNDEFINED ? scope.end : Math.min(valueOffset + length, scope.end);
      const item = this.dataSet(valueOffset, { end, encoding: scope.encoding, nesting, parent: owner });
      items.push(item.dataSet);
      at = length === UNDEFINED ? item.end : end;
    }
    return { items, end: scope.end };
  }

  /** The fragments of a value of undefined length (PS3.5 section A.4). */
  #fragments(position: number, { end, encoding }: Scope) {
    const fragments: Range[] = [];
    let at = position;
    while (at + 8 <= end) {
      const { tag, length, valueOffset } = this.#header(at, encoding);
      if (tag === SEQUENCE_END) return { fragments, contentEnd: at, end: valueOffset, cut: false };
      if (tag !== ITEM || length > end - valueOffset) return { fragments, contentEnd: at, end, cut: true };
      this.#spend(ELEMENT_COST);
      fragments.push({ offset: valueOffset, length });
      at = valueOffset + length;
    }
    return { fragments, contentEnd: at, end, cut: false };
  }

  #spend(bytes: number): void {
    this.#bytesLeft -= bytes;
    if (this.#bytesLeft < 0) {
      const megabytes = this.#limits.maxMetadataBytes / 1e6;
      throw new NotImportable(`DICOM attributes other than pixel data exceed ${megabytes} MB`);
    }
  }
}
