import { AttributeReader, type Attributes } from './dicom/attributes.ts';
import { readDicomFile, type ReaderLimits } from './dicom/file.ts';
import { NotImportable } from './dicom/not-importable.ts';
import { PIXEL_DATA_TAGS } from './dicom/parser.ts';
import { readPixelData, type PixelData } from './dicom/pixel-data.ts';
import type { ByteSource } from './dicom/source.ts';
import { textOf } from './dicom/values.ts';
import { checkImportLimits } from './import-limits.ts';
import { importWarnings, type ImportWarning } from './import-warnings.ts';
import { levelOf, type Level } from './metadata-levels.ts';

/** One DICOM P10 file, taken apart by the levels of the image set metadata. */
export interface DicomInstance {
  readonly studyUid: string;
  readonly seriesUid: string;
  readonly sopUid: string;
  /** Of the file as it was imported. */
  readonly transferSyntaxUid: string;
  readonly levels: Readonly<Record<Level, Attributes>>;
  /** VRs of the attributes that are named by their tags: private ones, which no dictionary knows. */
  readonly vrs: Readonly<Record<string, string>>;
  readonly pixelData: PixelData | undefined;
  readonly warnings: readonly ImportWarning[];
}

/**
 * Reads one DICOM P10 file, but for its pixels.
 *
 * @throws NotImportable when it is none, lacks what every instance must have, or goes beyond a limit
 */
export async function readInstance(source: ByteSource, limits: ReaderLimits): Promise<DicomInstance> {
  const file = await readDicomFile(source, limits);
  const required = (keyword: string, tag: number) => {
    const uid = textOf(file.dataSet, tag);
    if (uid === undefined) throw new NotImportable(`DICOM attribute ${keyword} does not exist`);
    return uid;
  };
  required('SOPClassUID', 0x00080016);
  const uids = {
    sopUid: required('SOPInstanceUID', 0x00080018),
    studyUid: required('StudyInstanceUID', 0x0020000d),
    seriesUid: required('SeriesInstanceUID', 0x0020000e),
  };
  const reader = new AttributeReader();
  const attributes = { ...reader.read(file.meta), ...reader.read(file.dataSet, PIXEL_DATA_TAGS) };
  checkImportLimits(attributes);
  const pixelData = readPixelData(file, Math.floor(limits.maxMetadataBytes / FRAME_BYTES));
  return {
    ...uids,
    transferSyntaxUid: file.transferSyntaxUid,
    levels: byLevel(attributes),
    vrs: reader.vrs,
    pixelData,
    warnings: importWarnings(reader, pixelData),
  };
}

/** About what the metadata say of one frame. */
const FRAME_BYTES = 200;

function byLevel(attributes: Attributes): Record<Level, Attributes> {
  const levels: Record<Level, Attributes> = { patient: {}, study: {}, series: {}, instance: {} };
  for (const [name, value] of Object.entries(attributes)) levels[levelOf(name)][name] = value;
  return levels;
}
