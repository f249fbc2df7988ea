/** The part of dicom-character-set that is used here; the package ships no types. */
declare module 'dicom-character-set' {
  /**
   * @param specificCharacterSet - values of SpecificCharacterSet with backslashes between them
   * @throws Error for a set or an escape sequence that it does not know
   */
  export function convertBytes(
    specificCharacterSet: string,
    bytes: Uint8Array,
    options: { vr: string },
  ): string;
}
