import { createHash } from 'node:crypto';
import type { World } from '../world.ts';
import type { PixelDescription } from './dicom/pixel-description.ts';

/** An image frame as it was imported, with the description that is needed to decode it. */
export interface Frame {
  readonly description: PixelDescription;
  readonly bytes: Buffer;
}

/**
 * Stores a frame: a line of JSON that describes it, then its bytes. The frame must still exist when the S3 object from which it
 * was imported has been deleted. It is a blob, because it is too big for the database of the local AWS.
 *
 * @param name - identifies the frame: data store, SOP instance and index
 * @returns the frame's id, a hash of its name and content: importing the same file twice gives the same ids
 */
export async function writeFrame(world: World, name: string, { description, bytes }: Frame): Promise<string> {
  const header = Buffer.from(`${JSON.stringify(description)}\n`);
  const hash = createHash('sha256').update(name).update(header).update(bytes);
  const id = hash.digest('hex').slice(0, 32);
  // A frame that exists already is not overwritten: a SIGKILL during the write would damage it for the image set that uses it.
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
