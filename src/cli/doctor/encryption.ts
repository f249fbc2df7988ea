/** The checks of encryption, if payloads are encrypted: the keys, and the codec server. */
import type { Payload, PayloadCodec } from '@temporalio/common';
import { clientEncryption } from '../../payloads/encryption.ts';
import { remoteCodec } from '../../temporal/remote-codec.ts';
import { readTemporalConfig } from '../../temporal/temporal-config.ts';
import { UserError } from '../../lib/user-error.ts';
import { Fault, reasonOf, type Examination } from './examination.ts';

const KEYS = 'payload keys';
const PROBE = { metadata: { encoding: Buffer.from('json/plain') }, data: Buffer.from('"doctor"') };

export async function examineEncryption(examination: Examination): Promise<void> {
  const { PAYLOAD_KEYS: setting, TEMPORAL_CODEC_ENDPOINT: endpoint } = process.env;
  if (setting) {
    await examination.check({
      name: KEYS,
      // Two codecs, because one that has encrypted need not ask KMS to decrypt its own data key.
      look: async () => readsWhat(await ownCodec(), await ownCodec()),
      tell: () => `${setting} encrypt and decrypt`,
      faultOf: (error) =>
        new Fault(
          `${setting}: ${reasonOf(error)}`,
          'let these AWS credentials call kms:GenerateDataKey and kms:Decrypt with this key, and set AWS_REGION to its region',
        ),
    });
  }
  if (endpoint) {
    await examination.check({
      name: 'codec server',
      needs: [KEYS],
      look: async () => readsWhat(serverCodec(), setting ? await ownCodec() : serverCodec()),
      tell: () => endpoint,
      faultOf: (error) => new Fault(reasonOf(error), 'give the codec server the PAYLOAD_KEYS of the worker'),
    });
  }
}

/** @throws UserError if `reader` does not decrypt what `writer` has encrypted */
async function readsWhat(writer: PayloadCodec, reader: PayloadCodec): Promise<void> {
  const [read]: Payload[] = await reader.decode(await writer.encode([PROBE]));
  if (!PROBE.data.equals(read?.data ?? new Uint8Array())) {
    throw new UserError('What was encrypted is not what was decrypted.');
  }
}

async function ownCodec(): Promise<PayloadCodec> {
  const converter = await clientEncryption(process.env, readTemporalConfig().namespace);
  return required(converter?.payloadCodecs?.[0]);
}

const serverCodec = () => required(remoteCodec(process.env, readTemporalConfig().namespace));

function required(codec: PayloadCodec | undefined): PayloadCodec {
  if (!codec) throw new Error('a setting that was there has gone');
  return codec;
}
