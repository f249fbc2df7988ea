import { mkdir, readFile, writeFile } from 'node:fs/promises';
import path from 'node:path';
import type { World } from '../world.ts';
import type { Frame } from './dicom.ts';

/** Image frames are kept as files: they outlive the objects they were imported from, and are too big for the state. */
export async function keepFrames(world: World, frames: readonly Frame[]): Promise<void> {
  await mkdir(framesFolder(world), { recursive: true });
  for (const { id, bytes } of frames) await writeFile(path.join(framesFolder(world), id), bytes);
}

export function readFrame(world: World, imageFrameId: string): Promise<Uint8Array | undefined> {
  return readFile(path.join(framesFolder(world), imageFrameId)).catch(() => undefined);
}

const framesFolder = ({ data }: World) => path.join(data, 'frames');
