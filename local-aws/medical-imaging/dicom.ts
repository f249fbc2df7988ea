import { createHash } from 'node:crypto';
import { crc32 } from 'node:zlib';
import dcmjs, { type Element, type Elements } from 'dcmjs';
import { pixelDataWarning, type ImportWarning } from './import-warnings.ts';
import { levelOf, type Level } from './modules.ts';
import { numberOf } from './numbers.ts';

// dcmjs reports odd values with the values themselves, which are patient data.
dcmjs.log.setLevel('silent');
dcmjs.log.getLogger('validation.dcmjs').setLevel('silent');

/** DICOM attributes by keyword; private ones by tag. Absent values are null, as the service has them. */
export type Attributes = Record<string, unknown>;

export interface Frame {
  readonly id: string;
  readonly bytes: Uint8Array;
  readonly minPixelValue?: number;
  readonly maxPixelValue?: number;
}

/** One DICOM P10 file, taken apart by the levels of the image set metadata. */
export interface DicomInstance {
  readonly studyUid: string;
  readonly seriesUid: string;
  readonly sopUid: string;
  readonly transferSyntax: string;
  readonly levels: Readonly<Record<Level, Attributes>>;
  /** Value representations of the private attributes, which no dictionary knows. */
  readonly privateVrs: Readonly<Record<string, string>>;
  readonly width: number;
  readonly height: number;
  /** None where they could not be taken out of the pixel data; then there is a warning. */
  readonly frames: readonly Frame[];
  readonly warnings: readonly ImportWarning[];
}

/** A file that the service would not import; the message is in its words and holds no value. */
export class NotImportable extends Error {}

/**
 * Reads one DICOM P10 file.
 *
 * @param datastoreId - frame ids are made of it and the content, so that importing twice gives the same
 * @throws NotImportable when it is not one, or lacks what every instance must have
 */
export function readInstance(bytes: Uint8Array, datastoreId: string): DicomInstance {
  const { meta, dict } = readP10(bytes);
  const text = (keyword: string, elements: Elements, tag: string) => {
    const value = elements[tag]?.Value?.[0];
    if (typeof value === 'string' && value) return value;
    throw new NotImportable(`DICOM attribute ${keyword} does not exist`);
  };
  const transferSyntax = text('TransferSyntaxUID', meta, '00020010');
  text('SOPClassUID', dict, '00080016');
  const sopUid = text('SOPInstanceUID', dict, '00080018');
  const levels: Record<Level, Attributes> = { patient: {}, study: {}, series: {}, instance: {} };
  const privateVrs: Record<string, string> = {};
  for (const [tag, element] of Object.entries(dict)) {
    if (isBinary(element)) continue;
    const keyword = keywordOf(tag);
    levels[levelOf(keyword)][keyword] = valueOf(element);
    if (keyword === tag) privateVrs[tag] = element.vr;
  }
  const buffers = pixelBuffers(dict);
  const warning = pixelDataWarning(dict, buffers, transferSyntax);
  const frames = warning ? [] : framesOf(dict, buffers);
  return {
    studyUid: text('StudyInstanceUID', dict, '0020000D'),
    seriesUid: text('SeriesInstanceUID', dict, '0020000E'),
    sopUid,
    transferSyntax,
    levels,
    privateVrs,
    width: numberOf(dict, '00280011'),
    height: numberOf(dict, '00280010'),
    frames: frames.map((frame, i) => toFrame(frame, dict, `${datastoreId}/${sopUid}/${i}`)),
    warnings: warning ? [warning] : [],
  };
}

function readP10(bytes: Uint8Array): { meta: Elements; dict: Elements } {
  try {
    // dcmjs reads a buffer from its beginning; a view into a larger one must be cut out.
    return dcmjs.data.DicomMessage.readFile(new Uint8Array(bytes).buffer);
  } catch {
    throw new NotImportable('DICOM attributes does not exist');
  }
}

/** The DICOM keyword of a tag; private tags, and those the dictionary does not know, stay hex. */
function keywordOf(tag: string): string {
  const { dictionary, punctuateTag } = dcmjs.data.DicomMetaDictionary;
  return dictionary[punctuateTag(tag)]?.name ?? tag;
}

const isBinary = ({ vr, Value = [] }: Element) =>
  ['OB', 'OW', 'OF', 'OD', 'OL', 'OV', 'UN'].includes(vr) ||
  Value.some((value) => value instanceof ArrayBuffer);

/** A value as the service's metadata has it: one as it is, several as a list, DS and IS as they were spelled. */
function valueOf({ vr, Value = [], _rawValue }: Element): unknown {
  const spelled = (vr === 'DS' || vr === 'IS') && Array.isArray(_rawValue) ? _rawValue : Value;
  const values = spelled.map((value: unknown) => {
    if (typeof value === 'string') return value.trim();
    if (typeof value === 'bigint') return String(value);
    if (vr === 'PN') return alphabetic(value);
    if (vr === 'SQ') return itemOf(value as Elements);
    return value;
  });
  if (vr === 'SQ') return values;
  return values.length > 1 ? values : (values[0] ?? null);
}

const itemOf = (elements: Elements): Attributes =>
  Object.fromEntries(
    Object.entries(elements)
      .filter(([, element]) => !isBinary(element))
      .map(([tag, element]) => [keywordOf(tag), valueOf(element)]),
  );

const alphabetic = (name: unknown): unknown =>
  typeof name === 'object' && name !== null && 'Alphabetic' in name ? name.Alphabetic : name;

/** Encapsulated pixel data has one buffer per frame; native pixel data is all frames in a row. */
const pixelBuffers = (dict: Elements): ArrayBuffer[] =>
  (dict['7FE00010']?.Value ?? []).filter((value) => value instanceof ArrayBuffer);

function framesOf(dict: Elements, buffers: readonly ArrayBuffer[]): Uint8Array[] {
  const frames = Math.max(numberOf(dict, '00280008'), 1);
  const [only] = buffers;
  if (buffers.length !== 1 || !only || frames === 1) return buffers.map((buffer) => new Uint8Array(buffer));
  const size = Math.floor(only.byteLength / frames);
  return Array.from({ length: frames }, (_, i) => new Uint8Array(only, i * size, size));
}

function toFrame(bytes: Uint8Array, dict: Elements, name: string): Frame {
  const id = createHash('sha256').update(name).update(bytes).digest('hex').slice(0, 32);
  return { id, bytes, ...pixelRange(bytes, dict) };
}

/** Smallest and largest pixel of native 8 and 16 bit data; compressed frames would have to be decoded first. */
function pixelRange(bytes: Uint8Array, dict: Elements): { minPixelValue?: number; maxPixelValue?: number } {
  const bits = numberOf(dict, '00280100');
  const size = (numberOf(dict, '00280010') * numberOf(dict, '00280011') * bits) / 8;
  if ((bits !== 8 && bits !== 16) || size === 0 || bytes.byteLength < size) return {};
  const signed = numberOf(dict, '00280103') === 1;
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  let minPixelValue = Infinity;
  let maxPixelValue = -Infinity;
  for (let i = 0; i + bits / 8 <= size; i += bits / 8) {
    const pixel =
      bits === 8
        ? signed
          ? view.getInt8(i)
          : view.getUint8(i)
        : signed
          ? view.getInt16(i, true)
          : view.getUint16(i, true);
    minPixelValue = Math.min(minPixelValue, pixel);
    maxPixelValue = Math.max(maxPixelValue, pixel);
  }
  return { minPixelValue, maxPixelValue };
}

export const checksumOf = (bytes: Uint8Array) => crc32(bytes);
