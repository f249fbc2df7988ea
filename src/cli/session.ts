/** What every command needs: a connection to Temporal, a terminal, and one-line messages for users' mistakes. */
import {
  Client,
  Connection,
  NamespaceNotFoundError,
  ScheduleNotFoundError,
  WorkflowFailedError,
  WorkflowNotFoundError,
  isGrpcServiceError,
} from '@temporalio/client';
import { ApplicationFailure, ValueError, type DataConverter } from '@temporalio/common';
import { isLoopback } from '../lib/loopback.ts';
import { FlowClient } from '../client.ts';
import { clientEncryption } from '../payloads/encryption.ts';
import { remoteCodec } from '../temporal/remote-codec.ts';
import { clientIdentity } from '../temporal/identity.ts';
import { noNamespace, noServer, readTemporalConfig } from '../temporal/temporal-config.ts';
import { UserError } from '../lib/user-error.ts';
import type { FailureDetails } from '../workflows/run/failures.ts';
import { PROGRAM, Terminal } from './terminal.ts';

export interface Session {
  readonly flows: FlowClient;
  readonly terminal: Terminal;
  /** The address of a run in the Web UI; undefined if the address of the Web UI is not known. */
  readonly urlOf: (workflowId: string, runId?: string) => string | undefined;
}

/**
 * Connects to Temporal, runs a command, and disconnects.
 *
 * @param connectTimeout - in milliseconds
 * @throws UserError for a mistake of the user, a server that does not answer, or a run that has failed
 */
export async function withSession(
  { json }: { json: boolean | undefined },
  command: (session: Session) => Promise<void>,
  connectTimeout = 3_000,
): Promise<void> {
  const { connectionOptions, namespace, address } = readTemporalConfig();
  const dataConverter = await readDataConverter(namespace);
  const connection = await Connection.connect({ connectTimeout, ...connectionOptions }).catch(
    (error: Error) => {
      throw noServer(address, error);
    },
  );
  const ui = webUi(address);
  const urlOf = (workflowId: string, runId = '') =>
    ui &&
    `${ui}/namespaces/${namespace}/workflows/${encodeURIComponent(workflowId)}/${runId}`.replace(/\/$/, '');
  try {
    const flows = new FlowClient(
      new Client({
        connection,
        namespace,
        identity: clientIdentity(),
        ...(dataConverter && { dataConverter }),
      }),
    );
    await command({ flows, terminal: new Terminal(json ?? false), urlOf });
  } catch (error) {
    throw toUserError(error, address, namespace);
  } finally {
    await connection.close();
  }
}

/**
 * The keys, if the command has them; otherwise the codec server, if there is one. Its address is checked in both cases, because commands
 * print it after they have started something.
 */
async function readDataConverter(namespace: string): Promise<DataConverter | undefined> {
  const codec = remoteCodec(process.env, namespace);
  const own = await clientEncryption(process.env, namespace);
  return own ?? (codec && { payloadCodecs: [codec] });
}

/**
 * Temporal does not report the address of its Web UI. It is `TEMPORAL_UI_URL` if set, that of Temporal Cloud, or for a server on
 * this machine the default of the development server: the port of the server plus 1000.
 */
function webUi(address: string): string | undefined {
  const told = process.env['TEMPORAL_UI_URL'];
  if (told) return told.replace(/\/$/, '');
  if (/\.(tmprl\.cloud|temporal\.io)(:|$)/.test(address)) return 'https://cloud.temporal.io';
  const { hostname, port } = new URL(`http://${address}`);
  return isLoopback(address) ? `http://${hostname}:${Number(port || 7233) + 1_000}` : undefined;
}

/** Makes one-line messages of the errors that a user can correct. `explainOurs` handles all others. */
function toUserError(error: unknown, address: string, namespace: string): unknown {
  if (error instanceof NamespaceNotFoundError) return noNamespace(address, namespace);
  if (isUnavailable(error)) {
    return new UserError(
      `The Temporal server at ${address} has stopped answering. Runs continue when it is available again. To follow a run again: ${PROGRAM} watch ID`,
    );
  }
  if (error instanceof WorkflowNotFoundError) {
    return new UserError(`There is no run ${error.workflowId}. To list open runs: ${PROGRAM} list`);
  }
  if (error instanceof ScheduleNotFoundError) {
    return new UserError(
      `There is no schedule ${error.scheduleId}. To list schedules: ${PROGRAM} schedule list`,
    );
  }
  const [, encoding] = (error instanceof ValueError && /Unknown encoding: (.*)/.exec(error.message)) || [];
  if (encoding !== undefined) {
    return new UserError(
      `A payload cannot be read: it is encoded as ${encoding}. Set TEMPORAL_CODEC_ENDPOINT to the codec server that can decode it, or PAYLOAD_KEYS as the worker has it.`,
    );
  }
  if (error instanceof WorkflowFailedError) return new UserError(describeFailure(failureIn(error)));
  return error;
}

/** The SDK retries this error for some time before it throws it. */
function isUnavailable(error: unknown): boolean {
  const { cause } = error instanceof Error ? error : {};
  const code: number | undefined = isGrpcServiceError(cause) ? cause.code : undefined;
  return code === GRPC_UNAVAILABLE;
}

const GRPC_UNAVAILABLE = 14;

/** The failure that a run ended with. */
export function failureIn({ cause, message }: WorkflowFailedError) {
  if (!(cause instanceof ApplicationFailure))
    return { type: cause?.name ?? 'Unknown', message: cause?.message ?? message };
  const [details] = (cause.details ?? []) as (Partial<FailureDetails> | undefined)[];
  return { type: cause.type ?? 'Unknown', message: cause.message, details };
}

/** The failure as text, with the message from AWS and what the run has left in AWS. */
export function describeFailure({ type, message, details }: ReturnType<typeof failureIn>): string {
  const left =
    details?.left?.map(({ what, remove }) => `Left in AWS: ${what}. To remove it: ${remove}`) ?? [];
  const said = details?.awsMessage === undefined ? [] : [`AWS says: ${details.awsMessage}`];
  return [`${type}: ${message}`, ...(details?.named ?? []), ...said, ...left].join('\n');
}
