import { createHash } from 'node:crypto';
import type { World } from '../world.ts';
import type { PixelDescription } from './dicom/pixel-description.ts';

/** An image frame as it came, with what its bytes mean. */
export interface Frame {
  readonly description: PixelDescription;
  readonly bytes: Buffer;
}

/**
 * Keeps a frame as a blob, behind a line that describes it: frames outlive the objects they were imported from, and are too
 * big for the state.
 *
 * @param name - of the frame in its data store
 * @returns its id, which is made of the name and the content, so that importing twice gives the same
 */
export async function writeFrame(world: World, name: string, { description, bytes }: Frame): Promise<string> {
  const header = Buffer.from(`${JSON.stringify(description)}\n`);
  const hash = createHash('sha256').update(name).update(header).update(bytes);
  const id = hash.digest('hex').slice(0, 32);
  // A frame that another image set has already is not written again: a SIGKILL in between would leave that one without.
  const isThere = (await world.frames.size(id)) === header.length + bytes.length;
  if (!isThere) await world.frames.write(id, [header, bytes]);
  return id;
}

export async function readFrame(world: World, imageFrameId: string): Promise<Frame | undefined> {
  const content = await world.frames.read(imageFrameId);
  if (!content) return undefined;
  const end = content.indexOf('\n');
  return { description: JSON.parse(content.toString('utf8', 0, end)), bytes: content.subarray(end + 1) };
}
