/** Bytes of a file that can be read by ranges, so that a file of 2 GB is never in memory as a whole. */
export interface ByteSource {
  readonly size: number;
  /**
   * The bytes from `offset` on, fewer than `length` at the end of the file. They stay as they are until the next call at
   * the earliest: whoever keeps them copies them.
   */
  read(offset: number, length: number): Buffer;
}

/** A part of a file. */
export interface Range {
  readonly offset: number;
  readonly length: number;
}

/** A data element as it stands in the file (PS3.5 section 7.1); its value is read when it is asked for. */
export interface Element extends Range {
  /** Group and element number in one number: 0x00100020. */
  readonly tag: number;
  /** Of the file, or of the dictionary where the file has none; `UN` where neither knows it. */
  readonly vr: string;
  readonly bigEndian: boolean;
  /** Items of a sequence. */
  readonly items?: readonly DataSet[];
  /** Fragments of encapsulated pixel data (PS3.5 section A.4), the Basic Offset Table first. */
  readonly fragments?: readonly Range[];
}

/** Elements by tag, in the order of the file. */
export interface DataSet {
  readonly elements: ReadonlyMap<number, Element>;
  /** The data set that this one is an item of: it inherits SpecificCharacterSet and PixelRepresentation. */
  readonly parent?: DataSet;
}

/** A DICOM Part 10 file. */
export interface DicomFile {
  /** Of the data set: the inflated one where the transfer syntax is deflated. */
  readonly source: ByteSource;
  /** Group 0002. */
  readonly meta: DataSet;
  readonly metaSource: ByteSource;
  readonly dataSet: DataSet;
  readonly transferSyntaxUid: string;
}
