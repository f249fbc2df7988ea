import { ServiceError } from '../errors.ts';

/**
 * The content of a body sent as `aws-chunked`: what SDKs and the CLI do for streams, and for trailing checksums. Chunks
 * are `<hex length>[;chunk-signature=…]\r\n<bytes>\r\n`; a chunk of length 0 and the trailers end it. Neither signatures
 * nor checksums are verified: nobody sits between a laptop and itself.
 */
export function unchunked(body: Uint8Array): Uint8Array {
  const bytes = Buffer.from(body.buffer, body.byteOffset, body.byteLength);
  const chunks: Buffer[] = [];
  let offset = 0;
  for (;;) {
    const lineEnd = bytes.indexOf('\r\n', offset);
    const size = lineEnd === -1 ? NaN : Number.parseInt(bytes.toString('latin1', offset, lineEnd), 16);
    if (Number.isNaN(size) || lineEnd + 2 + size > bytes.length) {
      throw new ServiceError('IncompleteBody', 'The aws-chunked body ends too early.');
    }
    if (size === 0) return Buffer.concat(chunks);
    chunks.push(bytes.subarray(lineEnd + 2, lineEnd + 2 + size));
    offset = lineEnd + 2 + size + 2;
  }
}
