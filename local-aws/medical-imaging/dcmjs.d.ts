/** The part of dcmjs that is used here; the package ships no types. */
declare module 'dcmjs' {
  /** An element as read from a file: values by the type of its VR, binary ones as `ArrayBuffer`. */
  export interface Element {
    vr: string;
    Value?: unknown[];
    /** Strings as they stand in the file, padding included; numbers of DS and IS only here keep their spelling. */
    _rawValue?: unknown;
  }

  /** Elements by tag: eight upper-case hex digits. */
  export type Elements = Record<string, Element>;

  const dcmjs: {
    data: {
      DicomMessage: {
        /** @throws Error when the bytes are not a P10 file */
        readFile(bytes: ArrayBuffer): { meta: Elements; dict: Elements };
      };
      DicomDict: new (meta: Elements) => { meta: Elements; dict: Elements; write(): ArrayBuffer };
      DicomMetaDictionary: {
        /** Tags as `(0010,0010)`. */
        dictionary: Record<string, { name: string; vr: string } | undefined>;
        /** By keyword; `vm` is the value multiplicity: `1`, `2-n`. */
        nameMap: Record<string, { vr: string; vm: string } | undefined>;
        punctuateTag(this: void, tag: string): string;
      };
    };
    log: { setLevel(level: 'silent'): void; getLogger(name: string): { setLevel(level: 'silent'): void } };
  };
  export default dcmjs;
}
