import type { Payload } from '@temporalio/common';
import { isRecord } from '../lib/guards.ts';

/** A payload in Protobuf's JSON format, which represents bytes as base64. */
export function toJson({ metadata, data }: Payload) {
  const base64 = (bytes: Uint8Array) => Buffer.from(bytes).toString('base64');
  const entries = Object.entries(metadata ?? {}).map(([name, value]) => [name, base64(value)]);
  return { metadata: Object.fromEntries(entries), ...(data && { data: base64(data) }) };
}

/** The payload of such JSON. What is missing or of another type is left out. */
export function fromJson(payload: unknown): Payload {
  const { metadata, data } = isRecord(payload) ? payload : {};
  const bytes = (base64: unknown) => new Uint8Array(Buffer.from(String(base64), 'base64'));
  const entries = Object.entries(isRecord(metadata) ? metadata : {}).map(([name, value]) => [
    name,
    bytes(value),
  ]);
  return { metadata: Object.fromEntries(entries), ...(data !== undefined && { data: bytes(data) }) };
}
