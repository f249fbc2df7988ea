import { activityInfo, cancellationSignal } from '@temporalio/activity';
import type { Client, Command, MetadataBearer } from '@smithy/types';
import { toFailure } from './aws-errors.ts';

/** What an AWS reply looks like once Temporal has carried it as JSON: a `Date` is an ISO string. */
export type Json<T> = T extends Date
  ? string
  : T extends (infer Item)[]
    ? Json<Item>[]
    : T extends object
      ? { [Member in keyof T as Member extends '$metadata' ? never : Member]: Json<T[Member]> }
      : T;

/**
 * Makes activities of one AWS client, one for each operation.
 *
 * A `read` is aborted when the worker shuts down. A `change` is not: an aborted request may still take effect, and nobody
 * would know.
 */
export function operationsOf<ClientInput extends object, ClientOutput extends MetadataBearer, Config>(
  client: Client<ClientInput, ClientOutput, Config>,
) {
  const activity =
    (abortable: boolean) =>
    <Input extends ClientInput, Output extends ClientOutput>(
      operation: string,
      AwsCommand: new (input: Input) => Command<ClientInput, Input, ClientOutput, Output, Config>,
    ) =>
    (input: Input): Promise<Json<Output>> =>
      attempt(operation, async () => {
        const options = abortable ? { abortSignal: cancellationSignal() } : {};
        return toJson(await client.send(new AwsCommand(input), options));
      });
  return { read: activity(true), change: activity(false) };
}

/** Runs one AWS call and throws what {@link toFailure} makes of its error. */
export async function attempt<Result>(operation: string, call: () => Promise<Result>): Promise<Result> {
  try {
    return await call();
  } catch (error) {
    const { attempt: number, scheduledTimestampMs } = activityInfo();
    throw toFailure(operation, error, { number, age: Date.now() - scheduledTimestampMs });
  }
}

/** A reply as Temporal will carry it. */
export function toJson<Output>(reply: Output): Json<Output> {
  return JSON.parse(
    JSON.stringify(reply, (name: string, value: unknown) => (name === '$metadata' ? undefined : value)),
  );
}
