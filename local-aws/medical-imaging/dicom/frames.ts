import type { DataSet, Element, Range } from './data-set.ts';
import { NotImportable } from './not-importable.ts';
import type { PixelDescription } from './pixel-description.ts';
import { isVideo } from './transfer-syntaxes.ts';

/** Where the bits of a frame are: parts of the file, and for pixels of one bit the place in the first byte. */
export interface FrameRange {
  readonly parts: readonly Range[];
  /** Frames of single bits follow each other without padding (PS3.5 section 8.1.1): bits of the first byte to leave out. */
  readonly firstBit?: number;
  readonly bits?: number;
}

/** Why frames cannot be told apart, as the service's warnings have it. */
export type FrameProblem = 'FramesExtractionFailure' | 'FrameNumberMismatch' | 'InvalidOffsetTable';

/** Where the frames of pixel data are, or why they cannot be told apart. */
export type FrameRanges = { readonly frames: readonly FrameRange[] } | { readonly problem: FrameProblem };

const failure: FrameRanges = { problem: 'FramesExtractionFailure' };
const mismatch: FrameRanges = { problem: 'FrameNumberMismatch' };
const invalidTable: FrameRanges = { problem: 'InvalidOffsetTable' };

/**
 * Finds the frames of pixel data: native ones by their size, encapsulated ones by PS3.5 section A.4.
 *
 * @throws NotImportable for more frames than an image set can describe
 */
export function frameRanges(
  dataSet: DataSet,
  element: Element,
  pixels: PixelDescription,
  maxFrames: number,
): FrameRanges {
  if ((element.fragments?.length ?? nativeFrameCount(element, pixels)) > maxFrames) {
    throw new NotImportable(`DICOM pixel data have more than ${maxFrames} frames or fragments`);
  }
  if (!element.fragments) return nativeFrames(element, pixels);
  const [table, ...fragments] = element.fragments;
  if (!table || fragments.length === 0 || element.cut) return failure;
  if (isVideo(pixels.transferSyntaxUid)) return { frames: [{ parts: fragments }] };
  const extended = extendedOffsets(dataSet);
  if (extended) return framesByExtendedTable(fragments, extended, pixels.numberOfFrames);
  if (table.length > 0) return framesByBasicTable(dataSet, table, fragments, pixels.numberOfFrames);
  return framesWithoutTable(dataSet, fragments, pixels.numberOfFrames);
}

/** Two pixels of a line share their chrominance (PS3.3 section C.7.6.3.1.2). */
const isSubsampled = (photometricInterpretation: string) =>
  /^YBR_(FULL|PARTIAL)_422$/.test(photometricInterpretation);

/** Bits of a native frame. Some writers expand subsampled pixels, and leave their interpretation as it was. */
function frameBits({ length }: Element, pixels: PixelDescription): number {
  const { rows, columns, samplesPerPixel, bitsAllocated, numberOfFrames } = pixels;
  const whole = rows * columns * samplesPerPixel * bitsAllocated;
  const isShort = length * 8 < whole * numberOfFrames;
  return isShort && isSubsampled(pixels.photometricInterpretation) ? (whole / 3) * 2 : whole;
}

/** As many frames as there should be, or none where not all of them are there. */
function nativeFrameCount(element: Element, pixels: PixelDescription): number {
  const bits = frameBits(element, pixels);
  const isComplete = bits > 0 && bits * pixels.numberOfFrames <= element.length * 8;
  return isComplete ? pixels.numberOfFrames : 0;
}

/** Native frames follow each other without padding; what is behind the last one are no pixels. */
function nativeFrames(element: Element, pixels: PixelDescription): FrameRanges {
  const bits = frameBits(element, pixels);
  const numberOfFrames = nativeFrameCount(element, pixels);
  if (numberOfFrames === 0) return failure;
  if (bits % 8 === 0) {
    const length = bits / 8;
    const frame = (index: number) => ({ parts: [{ offset: element.offset + index * length, length }] });
    return { frames: Array.from({ length: numberOfFrames }, (_, index) => frame(index)) };
  }
  const frame = (index: number): FrameRange => {
    const start = Math.floor((index * bits) / 8);
    const length = Math.ceil(((index + 1) * bits) / 8) - start;
    return { parts: [{ offset: element.offset + start, length }], firstBit: (index * bits) % 8, bits };
  };
  return { frames: Array.from({ length: numberOfFrames }, (_, index) => frame(index)) };
}

/** ExtendedOffsetTable and ExtendedOffsetTableLengths (PS3.3 section C.7.6.3.1.8): 64 bits each. */
function extendedOffsets(dataSet: DataSet): { offsets: number[]; lengths: number[] } | undefined {
  const [offsets, lengths] = [0x7fe00001, 0x7fe00002].map((tag) => {
    const element = dataSet.elements.get(tag);
    if (!element || element.length === 0) return undefined;
    const bytes = dataSet.bytesOf(element);
    return Array.from({ length: Math.floor(bytes.length / 8) }, (_, i) =>
      Number(bytes.readBigUInt64LE(i * 8)),
    );
  });
  return offsets && lengths ? { offsets, lengths } : undefined;
}

/** One fragment a frame, whose length tells it from its padding. */
function framesByExtendedTable(
  fragments: readonly Range[],
  { offsets, lengths }: { offsets: readonly number[]; lengths: readonly number[] },
  numberOfFrames: number,
): FrameRanges {
  const byOffset = fragmentsByOffset(fragments);
  const frames = offsets.map((offset, index): FrameRange | undefined => {
    const fragment = fragments[byOffset.get(offset) ?? -1];
    const length = lengths[index];
    if (!fragment || length === undefined || length > fragment.length) return undefined;
    return { parts: [{ offset: fragment.offset, length }] };
  });
  const found = frames.filter((frame) => frame !== undefined);
  if (found.length < frames.length || offsets.length !== lengths.length) return invalidTable;
  return found.length === numberOfFrames ? { frames: found } : mismatch;
}

/** Each entry of the Basic Offset Table is where the first fragment of a frame begins: 32 bits. */
function framesByBasicTable(
  dataSet: DataSet,
  table: Range,
  fragments: readonly Range[],
  numberOfFrames: number,
): FrameRanges {
  // Before it is read: a table may be as long as the file.
  if (table.length !== numberOfFrames * 4 || numberOfFrames > fragments.length) return mismatch;
  const bytes = dataSet.bytesOf(table);
  const byOffset = fragmentsByOffset(fragments);
  const starts = Array.from(
    { length: numberOfFrames },
    (_, index) => byOffset.get(bytes.readUInt32LE(index * 4)) ?? -1,
  );
  const isAscending = starts.every((start, index) => start > (starts[index - 1] ?? -1));
  if (starts[0] !== 0 || !isAscending) return invalidTable;
  return { frames: starts.map((start, index) => ({ parts: fragments.slice(start, starts[index + 1]) })) };
}

/** Offsets count from the item tag of the first fragment, which is eight bytes before its value. */
function fragmentsByOffset(fragments: readonly Range[]): ReadonlyMap<number, number> {
  const first = fragments[0]?.offset ?? 0;
  return new Map(fragments.map(({ offset }, index) => [offset - first, index]));
}

/** Without a table a frame is one fragment, or ends where its codestream does. */
function framesWithoutTable(
  dataSet: DataSet,
  fragments: readonly Range[],
  numberOfFrames: number,
): FrameRanges {
  if (numberOfFrames === 1) return { frames: [{ parts: fragments }] };
  if (fragments.length === numberOfFrames) return { frames: fragments.map((part) => ({ parts: [part] })) };
  if (fragments.length < numberOfFrames) return mismatch;
  const frames: { parts: Range[] }[] = [];
  let parts: Range[] = [];
  for (const fragment of fragments) {
    parts.push(fragment);
    if (!endsCodestream(dataSet, fragment)) continue;
    frames.push({ parts });
    parts = [];
  }
  return parts.length === 0 && frames.length === numberOfFrames ? { frames } : mismatch;
}

/** JPEG, JPEG-LS and JPEG 2000 codestreams end in FFD9; a little padding may follow. */
function endsCodestream(dataSet: DataSet, { offset, length }: Range): boolean {
  const tail = Math.min(length, 10);
  return dataSet.bytesOf({ offset: offset + length - tail, length: tail }).includes('ffd9', 0, 'hex');
}
