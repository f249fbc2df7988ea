import { createHash } from 'node:crypto';
import type { World } from '../world.ts';
import type { PixelData } from './dicom/pixel-data.ts';
import type { ByteSource } from './dicom/source.ts';
import { EXPLICIT_LITTLE_ENDIAN, isDeflated } from './dicom/transfer-syntaxes.ts';
import type { InstanceView } from './metadata.ts';

/**
 * What is kept of an imported file so that DICOMweb can give it back byte for byte: all but its frames, which are kept
 * already (`frame-files.ts`). For most files that is a few kilobytes. A file is kept only if its transfer syntax is one in
 * which the instance may be retrieved: Explicit VR Little Endian, or the one in which its frames are stored.
 *
 * The name is made of the metadata that the file brought. An instance whose metadata have changed since then finds no file,
 * and is written anew from its metadata, because the imported file would show what it was before.
 */
export async function keepImportedFile(
  world: World,
  source: ByteSource,
  {
    datastoreId,
    view,
    pixelData,
  }: { datastoreId: string; view: InstanceView; pixelData?: PixelData | undefined },
): Promise<void> {
  const { StoredTransferSyntaxUID: stored } = view.instance;
  const imported = view.attributes['TransferSyntaxUID'];
  if (imported !== EXPLICIT_LITTLE_ENDIAN && imported !== stored) return;
  // The offsets of the frames of a deflated file are those in the inflated data set.
  const layout = layoutOf(source.size, isDeflated(stored) ? [] : partsOf(pixelData));
  const header = Buffer.from(`${JSON.stringify(layout)}\n`);
  const own = layout.filter((piece) => 'offset' in piece);
  const size = own.reduce((sum, { length }) => sum + length, header.length);
  const id = idOf(datastoreId, view);
  if (size <= SMALL) {
    smallOnes(world).put(id, Buffer.concat([...content(header, own, source)]).toString('base64'));
    return;
  }
  // What is there already is not written again: a SIGKILL in between would leave an image set without it.
  if ((await world.frames.size(id)) !== size) await world.frames.write(id, content(header, own, source));
}

/**
 * The file of an instance, byte for byte as it was imported.
 *
 * @param readFrame - gives a frame of the instance as it came, by its index
 * @returns undefined where the file was not kept, and where the metadata of the instance are not those of the file any more
 */
export async function readImportedFile(
  world: World,
  { datastoreId, view }: { datastoreId: string; view: InstanceView },
  readFrame: (index: number) => Promise<Uint8Array>,
): Promise<Buffer | undefined> {
  const id = idOf(datastoreId, view);
  const small = smallOnes(world).get(id);
  const kept = small === undefined ? await world.frames.read(id) : Buffer.from(small, 'base64');
  if (!kept) return undefined;
  let at = kept.indexOf('\n');
  const layout = JSON.parse(kept.toString('utf8', 0, at)) as Layout;
  at += 1;
  const pieces: Uint8Array[] = [];
  for (const piece of layout) {
    if ('offset' in piece) pieces.push(kept.subarray(at, (at += piece.length)));
    else pieces.push((await readFrame(piece.frame)).subarray(piece.from, piece.from + piece.length));
  }
  return Buffer.concat(pieces);
}

/**
 * In bytes. So small ones go into the state, which writes those of a whole import in one batch: a file for each would double
 * the time of an import. The 5,000 files of an import can bring 40 MB of them at most.
 */
const SMALL = 8 * 1024;

/** In base64. */
const smallOnes = ({ store }: Pick<World, 'store'>) => store.documents<string>('importedFile');

/** A part of a file that is kept with it, or one that is part of a frame. */
type Piece =
  | { readonly offset: number; readonly length: number }
  | { readonly frame: number; readonly from: number; readonly length: number };
type Layout = readonly Piece[];

type FramePart = {
  readonly offset: number;
  readonly frame: number;
  readonly from: number;
  readonly length: number;
};

/** Where the frames stand in the file; nothing where two of them share bytes, as a wrong offset table can have it. */
function partsOf(pixelData: PixelData | undefined): FramePart[] {
  const parts = (pixelData?.frames ?? []).flatMap(({ parts = [] }, frame) => {
    let from = 0;
    return parts.map(({ offset, length }) => ({ offset, length, frame, from: (from += length) - length }));
  });
  parts.sort((a, b) => a.offset - b.offset);
  const areApart = parts.every(({ offset }, i) => {
    const before = parts[i - 1];
    return !before || before.offset + before.length <= offset;
  });
  return areApart ? parts : [];
}

/** The pieces of a file of that size in their order. */
function layoutOf(size: number, parts: readonly FramePart[]): Layout {
  const layout: Piece[] = [];
  let at = 0;
  for (const { offset, frame, from, length } of parts) {
    if (offset > at) layout.push({ offset: at, length: offset - at });
    layout.push({ frame, from, length });
    at = offset + length;
  }
  if (size > at) layout.push({ offset: at, length: size - at });
  return layout;
}

const CHUNK = 1024 * 1024;

/** In pieces of a megabyte at most: what is no frame may be all the pixel data of a file whose frames cannot be told apart. */
function* content(
  header: Buffer,
  own: readonly { readonly offset: number; readonly length: number }[],
  source: ByteSource,
): Generator<Buffer> {
  yield header;
  for (const { offset, length } of own) {
    for (let done = 0; done < length; done += CHUNK) {
      yield source.read(offset + done, Math.min(CHUNK, length - done));
    }
  }
}

function idOf(datastoreId: string, { attributes, instance }: InstanceView): string {
  const frames = instance.ImageFrames.map(({ ID }) => ID);
  const text = JSON.stringify([datastoreId, sorted(attributes), sorted(instance.DICOMVRs), frames]);
  return createHash('sha256').update(text).digest('hex').slice(0, 32);
}

/** The files of an image set may bring their attributes in different orders. */
const sorted = (attributes: Readonly<Record<string, unknown>>) =>
  Object.entries(attributes).sort(([a], [b]) => (a < b ? -1 : 1));
