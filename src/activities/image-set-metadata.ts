import { createHash } from 'node:crypto';
import { gunzipSync } from 'node:zlib';

/**
 * Which instances an image set holds, in 80 bytes: their number, and the XOR of the SHA-256 of each SOP Instance UID.
 * The order does not matter, and the digest of two sets merged is the XOR of theirs, so "did this copy, and nothing
 * else, come in" can be asked without a single UID in a workflow's history.
 */
export interface InstancesDigest {
  count: number;
  /** 64 hexadecimal digits. */
  digest: string;
}

interface Metadata {
  Study?: { Series?: Record<string, { Instances?: Record<string, unknown> }> };
}

/**
 * @param blob - as GetImageSetMetadata has it: JSON, gzipped (the SDK does not inflate it)
 * @param copiableAttributes - the JSON of a CopyImageSet subset; only the instances it names count
 */
export function digestInstances(blob: Uint8Array, copiableAttributes?: string): InstancesDigest {
  const held = instancesOf(JSON.parse(inflate(blob).toString('utf8')));
  const named = copiableAttributes === undefined ? held : instancesOf(JSON.parse(copiableAttributes));
  const sum = Buffer.alloc(32);
  let count = 0;
  for (const uid of held) {
    if (!named.has(uid)) continue;
    count += 1;
    for (const [index, byte] of createHash('sha256').update(uid).digest().entries()) {
      sum[index] = (sum[index] ?? 0) ^ byte;
    }
  }
  return { count, digest: sum.toString('hex') };
}

function instancesOf(metadata: Metadata): Set<string> {
  const series = Object.values(metadata.Study?.Series ?? {});
  return new Set(series.flatMap(({ Instances }) => Object.keys(Instances ?? {})));
}

function inflate(blob: Uint8Array): Buffer {
  const gzipped = blob[0] === 0x1f && blob[1] === 0x8b;
  return gzipped ? gunzipSync(blob) : Buffer.from(blob);
}
