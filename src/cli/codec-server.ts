/** `codec-server`: decrypts payloads for the Web UI and the Temporal CLI, until a signal ends it. */
import { once } from 'node:events';
import { UserError } from '../lib/user-error.ts';
import { readAccess } from '../payloads/codec-access.ts';
import { createCodecServer } from '../payloads/codec-server.ts';
import { clientEncryption } from '../payloads/encryption.ts';
import { CODEC_SERVER_PORT } from '../temporal/codec-endpoint.ts';
import { readTemporalConfig } from '../temporal/temporal-config.ts';

interface CodecServerArgs {
  port: string | undefined;
  host: string | undefined;
  'ui-origin': string | undefined;
}

/**
 * Runs the codec server with the keys of `PAYLOAD_KEYS`. Each request is one line of JSON on stdout.
 *
 * @throws UserError if `PAYLOAD_KEYS` is not set, for a wrong setting, and for a port that is taken
 */
export async function runCodecServer(args: CodecServerArgs): Promise<void> {
  const {
    port = String(CODEC_SERVER_PORT),
    host = '127.0.0.1',
    'ui-origin': uiOrigin = 'http://127.0.0.1:8233',
  } = args;
  if (!/^\d{1,5}$/.test(port) || Number(port) > 65_535) {
    throw new UserError('--port must be a number from 0 to 65535');
  }
  if (!URL.canParse(uiOrigin) || new URL(uiOrigin).origin !== uiOrigin) {
    throw new UserError(
      '--ui-origin must be an origin such as https://temporal.example.com, without a path.',
    );
  }
  const { namespace } = readTemporalConfig();
  const access = readAccess(process.env, host);
  const dataConverter = await clientEncryption(process.env, namespace);
  const [codec] = dataConverter?.payloadCodecs ?? [];
  if (!codec) throw new UserError('The codec server needs PAYLOAD_KEYS, as the worker has it.');
  const log = (record: object) => console.log(JSON.stringify(record));
  const server = createCodecServer({ codec, namespace, access, uiOrigin, log });
  await once(server.listen(Number(port), host), 'listening').catch((error: NodeJS.ErrnoException) => {
    throw new UserError(`The codec server cannot listen at ${host}:${port}: ${error.code ?? error.message}`);
  });
  const address = server.address();
  const listening = typeof address === 'object' && address ? address.port : port;
  console.error(
    `Codec server of namespace ${namespace} at http://${host}:${listening} for pages of ${uiOrigin}. Ctrl-C ends it.`,
  );
  const stop = () => {
    server.close();
    server.closeAllConnections();
  };
  process.once('SIGINT', stop).once('SIGTERM', stop);
  await once(server, 'close');
}
