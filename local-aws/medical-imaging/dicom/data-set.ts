import type { ByteSource } from './source.ts';

/** A part of a file. */
export interface Range {
  readonly offset: number;
  readonly length: number;
}

/** A data element as it stands in the file (PS3.5 section 7.1). Its value is read when it is asked for. */
export interface Element extends Range {
  /** Group and element number in one number: 0x00100020. */
  readonly tag: number;
  /** That of the file, or that of the dictionary where the file has none: there it may be one of several, `US|SS`. */
  readonly vr: string;
  readonly bigEndian: boolean;
  /** The file ends before the value does; `length` is what is there. */
  readonly cut: boolean;
  /** The items of a sequence. */
  readonly items?: readonly DataSet[];
  /** The fragments of an encapsulated value (PS3.5 section A.4), the Basic Offset Table first. */
  readonly fragments?: readonly Range[];
}

/** A data set of a file, or an item of a sequence, which inherits what it does not say from the set around it. */
export class DataSet {
  readonly source: ByteSource;
  readonly parent: DataSet | undefined;
  /** By tag, in the order of the file. */
  readonly elements = new Map<number, Element>();

  constructor(source: ByteSource, parent?: DataSet) {
    this.source = source;
    this.parent = parent;
  }

  /** The bytes of a value or of a part of it. */
  bytesOf({ offset, length }: Range): Buffer {
    return this.source.read(offset, length);
  }

  /** An element of this data set or of the nearest one around it. */
  inherited(tag: number): { readonly element: Element; readonly owner: DataSet } | undefined {
    const element = this.elements.get(tag);
    return element ? { element, owner: this } : this.parent?.inherited(tag);
  }
}
