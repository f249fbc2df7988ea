import { createHash } from 'node:crypto';
import type { World } from '../world.ts';
import type { Content } from './content.ts';
import type { PixelData } from './dicom/pixel-data.ts';
import type { ByteSource } from './dicom/source.ts';
import { EXPLICIT_LITTLE_ENDIAN, isDeflated } from './dicom/transfer-syntaxes.ts';
import type { InstanceView } from './metadata.ts';

/**
 * Keeps an imported file so that DICOMweb can return it byte for byte: all of its bytes except the frames, which are stored
 * anyway (`frame-files.ts`). For most files that is a few kilobytes. A file is kept only if the instance can be retrieved in its
 * transfer syntax: it must be Explicit VR Little Endian, or the one in which the frames are stored.
 *
 * The id is a hash of the metadata that were imported from the file. After the metadata of the instance have changed, no file is
 * found by their hash, and DICOMweb writes a new file, because the imported one contains the old values.
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
  // For a deflated file the offsets of the frames are those in the inflated data set, so the file is kept whole.
  const layout = layoutOf(source.size, isDeflated(stored) ? [] : partsOf(pixelData));
  const header = Buffer.from(`${JSON.stringify(layout)}\n`);
  const own = layout.filter((piece) => 'offset' in piece);
  const size = own.reduce((sum, { length }) => sum + length, header.length);
  const id = idOf(datastoreId, view);
  if (size <= SMALL) {
    smallOnes(world).put(id, Buffer.concat([...content(header, own, source)]).toString('base64'));
    return;
  }
  // A file that exists already is not overwritten: a SIGKILL during the write would damage it for the image sets that use it.
  if ((await world.frames.size(id)) !== size) await world.frames.write(id, content(header, own, source));
}

/**
 * The file of an instance, byte for byte as it was imported.
 *
 * @param readFrame - reads the frame with this index, as it was imported
 * @returns undefined if the file was not kept, or if the metadata of the instance have changed since the import
 */
export async function readImportedFile(
  world: World,
  { datastoreId, view }: { datastoreId: string; view: InstanceView },
  readFrame: (index: number) => Promise<Uint8Array>,
): Promise<Content | undefined> {
  const id = idOf(datastoreId, view);
  const small = smallOnes(world).get(id);
  const kept = small === undefined ? await world.frames.read(id) : Buffer.from(small, 'base64');
  if (!kept) return undefined;
  const end = kept.indexOf('\n');
  const layout = JSON.parse(kept.toString('utf8', 0, end)) as Layout;
  const size = layout.reduce((sum, { length }) => sum + length, 0);
  return { size, pieces: piecesOf(layout, kept.subarray(end + 1), readFrame) };
}

async function* piecesOf(
  layout: Layout,
  own: Buffer,
  readFrame: (index: number) => Promise<Uint8Array>,
): AsyncGenerator<Uint8Array> {
  let at = 0;
  for (const piece of layout) {
    if ('offset' in piece) yield own.subarray(at, (at += piece.length));
    else yield (await readFrame(piece.frame)).subarray(piece.from, piece.from + piece.length);
  }
}

/**
 * In bytes. Up to this size, what is kept of a file goes into the database of the local AWS, which writes all of an import in one
 * batch: a separate file for each would double the time of an import. The 5,000 files of an import are 40 MB at most.
 */
const SMALL = 8 * 1024;

/** What is kept of small files, in base64. */
const smallOnes = ({ store }: Pick<World, 'store'>) => store.documents<string>('importedFile');

/** A part of an imported file: bytes that are kept here, or bytes of a frame, beginning at `from` in the frame. */
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

/** The places of the frames in the file, in order; empty if frames overlap, as those of a wrong offset table can. */
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

/** Divides a file of this size into frames and the pieces between them, in order. */
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

/**
 * Reads one megabyte at a time, because what is kept can be large: if the frames of a file cannot be told apart, it includes all
 * the pixel data.
 */
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

/** In alphabetical order, because the order in the metadata can change when an image set combines several files. */
const sorted = (attributes: Readonly<Record<string, unknown>>) =>
  Object.entries(attributes).sort(([a], [b]) => (a < b ? -1 : 1));
