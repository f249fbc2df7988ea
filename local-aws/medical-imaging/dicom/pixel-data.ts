import type { DataSet, Range } from './data-set.ts';
import type { DicomFile } from './file.ts';
import { frameRanges, type FrameProblem, type FrameRange } from './frames.ts';
import { PIXEL_DATA_TAGS } from './parser.ts';
import { describePixels, type PixelDescription } from './pixel-description.ts';

/** One frame as it is encoded in the file: native pixels without padding, a compressed frame, or a whole video. */
export interface StoredFrame {
  readonly length: number;
  /**
   * Where the bytes of the frame are in the file; undefined with one bit per pixel, where a frame may begin in the middle of a
   * byte and {@link read} shifts its bits.
   */
  readonly parts: readonly Range[] | undefined;
  /** Reads the frame; the file must still be open. The bytes are the caller's own. */
  read(): Buffer;
}

/** The pixel data of an instance, with its frames or the reason why they cannot be read. */
export interface PixelData {
  readonly description: PixelDescription;
  readonly frames: readonly StoredFrame[];
  readonly problem?: FrameProblem;
}

/**
 * @param maxFrames - more frames than that are refused
 * @returns undefined for an instance without pixel data
 * @throws NotImportable
 */
export function readPixelData(
  { dataSet, transferSyntaxUid }: DicomFile,
  maxFrames: number,
): PixelData | undefined {
  const element = PIXEL_DATA_TAGS.map((tag) => dataSet.elements.get(tag)).find(
    (element) => element !== undefined,
  );
  if (!element) return undefined;
  const description = describePixels(dataSet, element, transferSyntaxUid);
  const ranges = frameRanges(dataSet, element, description, maxFrames);
  if ('problem' in ranges) return { description, frames: [], problem: ranges.problem };
  const frames = ranges.frames.map((frame) => storedFrame(dataSet, frame));
  const isEmpty = frames.some(({ length }) => length === 0);
  return isEmpty ? { description, frames: [], problem: 'FramesExtractionFailure' } : { description, frames };
}

function storedFrame(dataSet: DataSet, { parts, firstBit = 0, bits }: FrameRange): StoredFrame {
  const length = bits === undefined ? parts.reduce((sum, part) => sum + part.length, 0) : Math.ceil(bits / 8);
  return {
    length,
    parts: bits === undefined ? parts : undefined,
    read() {
      const bytes = Buffer.concat(parts.map((part) => dataSet.bytesOf(part)));
      return bits === undefined ? bytes : shifted(bytes, firstBit, bits);
    },
  };
}

/** `bits` bits, from bit `firstBit` of the first byte on (the lowest bit is 0). Unused bits of the last byte are set to 0. */
function shifted(bytes: Buffer, firstBit: number, bits: number): Buffer {
  const result = Buffer.alloc(Math.ceil(bits / 8));
  for (let i = 0; i < result.length; i++) {
    result[i] = ((bytes[i] ?? 0) >>> firstBit) | ((bytes[i + 1] ?? 0) << (8 - firstBit));
  }
  const rest = bits % 8;
  const last = result.at(-1);
  if (rest > 0 && last !== undefined) result[result.length - 1] = last & ((1 << rest) - 1);
  return result;
}
