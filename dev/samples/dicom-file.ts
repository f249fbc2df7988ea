/**
 * Writes DICOM files: Part 10, Explicit VR Little Endian. Implemented from the standard (PS3.5 §7.1, PS3.10 §7.1) without the
 * library with which the local AWS reads them, so that the two implementations check each other.
 */

/** A buffer is pixel data, a number is one binary value, and strings are text with one value each. */
export type Value = string | number | readonly string[] | Buffer;

/** A data element: `ggggeeee`, its value representation, its value. */
export type Element = readonly [tag: string, vr: string, value: Value];

const explicitLittleEndian = '1.2.840.10008.1.2.1';

/** The implementation class UID, from a UUID that was generated for this writer (PS3.5 §B.2). */
const implementationClassUid = '2.25.309618283347562211436725936428817270482';

/** The preamble, the file meta information, and the elements in the order of their tags. */
export function dicomFile(sopClassUid: string, sopInstanceUid: string, elements: readonly Element[]): Buffer {
  const meta = encode([
    ['00020001', 'OB', Buffer.from([0, 1])],
    ['00020002', 'UI', sopClassUid],
    ['00020003', 'UI', sopInstanceUid],
    ['00020010', 'UI', explicitLittleEndian],
    ['00020012', 'UI', implementationClassUid],
    ['00020013', 'SH', 'AHW_SAMPLES'],
  ]);
  return Buffer.concat([
    Buffer.alloc(128),
    Buffer.from('DICM'),
    encode([['00020000', 'UL', meta.length]]),
    meta,
    encode([...elements, ['00080016', 'UI', sopClassUid], ['00080018', 'UI', sopInstanceUid]]),
  ]);
}

const encode = (elements: readonly Element[]): Buffer =>
  Buffer.concat([...elements].sort(([a], [b]) => (a < b ? -1 : 1)).map(encodeElement));

/** The value representations with two reserved bytes and a four-byte length. All others have a two-byte length. */
const longForm = new Set(['OB', 'OW', 'UN', 'UT', 'SQ']);

function encodeElement([tag, vr, value]: Element): Buffer {
  const bytes = padded(encodeValue(vr, value), vr);
  const header = Buffer.alloc(longForm.has(vr) ? 12 : 8);
  header.writeUInt16LE(Number.parseInt(tag.slice(0, 4), 16), 0);
  header.writeUInt16LE(Number.parseInt(tag.slice(4), 16), 2);
  header.write(vr, 4, 'ascii');
  if (longForm.has(vr)) header.writeUInt32LE(bytes.length, 8);
  else header.writeUInt16LE(bytes.length, 6);
  return Buffer.concat([header, bytes]);
}

function encodeValue(vr: string, value: Value): Buffer {
  if (Buffer.isBuffer(value)) return value;
  if (typeof value === 'number') {
    const bytes = Buffer.alloc(vr === 'UL' ? 4 : 2);
    bytes.writeUIntLE(value, 0, bytes.length);
    return bytes;
  }
  return Buffer.from(typeof value === 'string' ? value : value.join('\\'), 'ascii');
}

/** Pads a value to an even length: UIDs and bytes with NUL, text with a space. */
function padded(bytes: Buffer, vr: string): Buffer {
  if (bytes.length % 2 === 0) return bytes;
  return Buffer.concat([bytes, Buffer.from(vr === 'UI' || vr === 'OB' ? '\0' : ' ')]);
}
