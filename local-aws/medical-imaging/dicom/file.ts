import { pipeline } from 'node:stream/promises';
import { createInflateRaw } from 'node:zlib';
import type { DataSet } from './data-set.ts';
import { NotImportable } from './not-importable.ts';
import { Parser, type Encoding, type ParserLimits } from './parser.ts';
import { MemorySource, type ByteSource } from './source.ts';
import { encodingOf, isDeflated } from './transfer-syntaxes.ts';
import { textOf } from './values.ts';

export interface ReaderLimits extends ParserLimits {
  /** Bytes that a deflated data set may come to. */
  readonly maxInflatedBytes: number;
}

/** A DICOM Part 10 file (PS3.10 section 7). */
export interface DicomFile {
  /** The file meta information: group 0002. */
  readonly meta: DataSet;
  readonly dataSet: DataSet;
  /** Of the file as it was imported. */
  readonly transferSyntaxUid: string;
}

const PREAMBLE = 128;

/**
 * Takes a DICOM Part 10 file apart; pixel data are not read.
 *
 * @throws NotImportable where it is no such file, names no transfer syntax, or goes beyond the limits
 */
export async function readDicomFile(source: ByteSource, limits: ReaderLimits): Promise<DicomFile> {
  if (source.read(PREAMBLE, 4).toString('latin1') !== 'DICM') {
    throw new NotImportable('DICOM attributes does not exist');
  }
  const explicitLittleEndian: Encoding = { explicit: true, bigEndian: false };
  const { dataSet: meta, end } = new Parser(source, limits).dataSet(PREAMBLE + 4, {
    end: source.size,
    encoding: explicitLittleEndian,
    nesting: 0,
    group: 2,
  });
  const transferSyntaxUid = textOf(meta, 0x00020010);
  if (!transferSyntaxUid) throw new NotImportable('DICOM attribute TransferSyntaxUID does not exist');
  const deflated = isDeflated(transferSyntaxUid);
  const content = deflated ? await inflated(source, end, limits.maxInflatedBytes) : source;
  const { dataSet } = new Parser(content, limits).dataSet(deflated ? 0 : end, {
    end: content.size,
    encoding: encodingOf(transferSyntaxUid),
    nesting: 0,
  });
  return { meta, dataSet, transferSyntaxUid };
}

/** What is behind the meta information, inflated (PS3.5 section A.5), piece by piece so that a bomb is seen in time. */
async function inflated(source: ByteSource, offset: number, maxBytes: number): Promise<ByteSource> {
  const tooLarge = new NotImportable(`The deflated DICOM data set exceeds ${maxBytes / 1e6} MB`);
  const pieces: Buffer[] = [];
  let filled = PIECE;
  const collect = async (chunks: AsyncIterable<Buffer>) => {
    for await (const chunk of chunks) {
      for (let taken = 0; taken < chunk.length;) {
        if (filled === PIECE) {
          if ((pieces.length + 1) * PIECE > maxBytes) throw tooLarge;
          pieces.push(Buffer.allocUnsafeSlow(PIECE));
          filled = 0;
        }
        const count = chunk.copy(pieces.at(-1) ?? chunk, filled, taken);
        filled += count;
        taken += count;
      }
    }
  };
  try {
    await pipeline(piecesOf(source, offset), createInflateRaw({ chunkSize: PIECE }), collect);
  } catch (error) {
    throw error === tooLarge ? error : new NotImportable('The deflated DICOM data set cannot be inflated');
  }
  const last = pieces.pop();
  return new MemorySource(last ? [...pieces, last.subarray(0, filled)] : []);
}

const PIECE = 1024 * 1024;

function* piecesOf(source: ByteSource, from: number): Generator<Buffer> {
  for (let at = from; at < source.size; at += PIECE) yield source.read(at, PIECE);
}
