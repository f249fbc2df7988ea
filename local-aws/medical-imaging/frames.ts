import { createHash } from 'node:crypto';
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { crc32 } from 'node:zlib';
import type { World } from '../world.ts';
import type { DicomInstance } from './dicom/instance.ts';
import type { PixelData } from './dicom/pixel-data.ts';
import type { ImageFrame } from './metadata.ts';
import { pixelRange } from './pixel-range.ts';

/**
 * Keeps the frames of an instance as files, one in memory at a time: they outlive the objects they were imported from,
 * and are too big for the state. Their ids are made of the data store and the content, so that importing twice gives
 * the same.
 *
 * @returns what the metadata say of each
 */
export async function keepFrames(
  world: World,
  datastoreId: string,
  { sopUid, pixelData }: DicomInstance,
): Promise<ImageFrame[]> {
  const kept: ImageFrame[] = [];
  if (!pixelData) return kept;
  for (const [index, frame] of pixelData.frames.entries()) {
    const bytes = frame.read();
    const id = createHash('sha256').update(`${datastoreId}/${sopUid}/${index}`).update(bytes).digest('hex');
    const image = imageFrame(id.slice(0, 32), bytes, pixelData);
    await writeFrame(world, image.ID, bytes);
    kept.push(image);
  }
  return kept;
}

function imageFrame(ID: string, bytes: Buffer, { description }: PixelData): ImageFrame {
  const { rows: Height, columns: Width } = description;
  const range = pixelRange(bytes, description);
  return {
    ID,
    PixelDataChecksumFromBaseToFullResolution: [{ Width, Height, Checksum: crc32(bytes) }],
    MinPixelValue: range?.min ?? null,
    MaxPixelValue: range?.max ?? null,
    FrameSizeInBytes: bytes.byteLength,
  };
}

async function writeFrame(world: World, id: string, bytes: Buffer): Promise<void> {
  const file = path.join(framesFolder(world), id);
  try {
    await writeFile(file, bytes);
  } catch {
    await mkdir(framesFolder(world), { recursive: true });
    await writeFile(file, bytes);
  }
}

export function readFrame(world: World, imageFrameId: string): Promise<Uint8Array | undefined> {
  return readFile(path.join(framesFolder(world), imageFrameId)).catch(() => undefined);
}

const framesFolder = ({ data }: World) => path.join(data, 'frames');
