import { createHash } from 'node:crypto';
import { crc32 } from 'node:zlib';
import { Crc32c, Crc64Nvme } from '@aws-sdk/checksums/crc';
import { ServiceError } from '../errors.ts';

/** The checksum algorithms that a client can choose. (S3 user guide, "Checking object integrity") */
export const CHECKSUM_ALGORITHMS = ['CRC32', 'CRC32C', 'CRC64NVME', 'SHA1', 'SHA256'] as const;
export type ChecksumAlgorithm = (typeof CHECKSUM_ALGORITHMS)[number];

/** `FULL_OBJECT` is the checksum of an object's content, `COMPOSITE` that of the checksums of a multipart upload's parts. */
export type ChecksumType = 'FULL_OBJECT' | 'COMPOSITE';

export interface StoredChecksum {
  readonly algorithm: ChecksumAlgorithm;
  readonly type: ChecksumType;
  /** In base64. A composite checksum ends with `-` and the number of parts: `poTHxg==-2`. */
  readonly value: string;
}

export const isChecksumAlgorithm = (name: string): name is ChecksumAlgorithm =>
  CHECKSUM_ALGORITHMS.some((algorithm) => algorithm === name);

export const checksumHeader = (algorithm: ChecksumAlgorithm) => `x-amz-checksum-${algorithm.toLowerCase()}`;

/** The name of the XML element: `ChecksumCRC32`. */
export const checksumElement = (algorithm: ChecksumAlgorithm) => `Checksum${algorithm}`;

/** The XML element of a checksum, such as `{ ChecksumCRC32: 'poTHxg==' }`. Empty without a checksum. */
export const checksumElements = (checksum: StoredChecksum | undefined): Readonly<Record<string, string>> =>
  checksum ? { [checksumElement(checksum.algorithm)]: checksum.value } : {};

export const checksumMismatch = (algorithm: ChecksumAlgorithm) =>
  new ServiceError('BadDigest', `The ${algorithm} you specified did not match the calculated checksum.`);

export interface RunningChecksum {
  update(bytes: Uint8Array): void;
  /** @returns the checksum in base64 */
  end(): Promise<string>;
}

export const startChecksum = (algorithm: ChecksumAlgorithm): RunningChecksum => starters[algorithm]();

const starters: Readonly<Record<ChecksumAlgorithm, () => RunningChecksum>> = {
  CRC32: runningCrc32,
  CRC32C: () => running(new Crc32c()),
  CRC64NVME: () => running(new Crc64Nvme()),
  SHA1: () => runningHash('sha1'),
  SHA256: () => runningHash('sha256'),
};

function runningHash(name: string): RunningChecksum {
  const hash = createHash(name);
  return { update: (bytes) => void hash.update(bytes), end: () => Promise.resolve(hash.digest('base64')) };
}

function runningCrc32(): RunningChecksum {
  let value = 0;
  return {
    update: (bytes) => {
      value = crc32(bytes, value);
    },
    end: () => {
      const bytes = Buffer.alloc(4);
      bytes.writeUInt32BE(value);
      return Promise.resolve(bytes.toString('base64'));
    },
  };
}

function running(checksum: {
  update(bytes: Uint8Array): void;
  digest(): Promise<Uint8Array>;
}): RunningChecksum {
  return {
    update: (bytes) => checksum.update(bytes),
    end: async () => Buffer.from(await checksum.digest()).toString('base64'),
  };
}

/** A composite checksum, as S3 computes it: the checksum of the concatenated bytes of the parts' checksums. */
export async function compositeOf(
  algorithm: ChecksumAlgorithm,
  parts: readonly string[],
): Promise<StoredChecksum> {
  const checksum = startChecksum(algorithm);
  for (const part of parts) checksum.update(Buffer.from(part, 'base64'));
  return { algorithm, type: 'COMPOSITE', value: `${await checksum.end()}-${parts.length}` };
}
