import { ApplicationFailure, activityInfo, cancellationSignal } from '@temporalio/activity';
import type { Client, Command, MetadataBearer } from '@smithy/types';
import { isRecord } from '../lib/guards.ts';
import { MOST_BYTES_OF_LIST, bytesOf } from '../lib/size.ts';
import { toFailure, type FailedAttempt } from './aws-errors.ts';
import { resultTooLarge } from './result-size.ts';
import type { RequestRates } from './retry-delay.ts';

/** An AWS reply after Temporal has serialized it as JSON: a `Date` is an ISO 8601 string. */
export type Json<T> = T extends Date
  ? string
  : T extends (infer Item)[]
    ? Json<Item>[]
    : T extends object
      ? { [Member in keyof T as Member extends '$metadata' ? never : Member]: Json<T[Member]> }
      : T;

/** The reply to a call that changes something, and AWS's id of the request. CloudTrail's event about the call has the same id. */
export type Changed<Output> = Json<Output> & { requestId?: string };

/**
 * Creates the activities of one AWS client, one for each operation.
 *
 * A `read` is aborted when the worker shuts down. A `change` is not, because AWS may still apply an aborted request, and the
 * run could not tell. A `list` is a read with a limit for the bytes of its page, see {@link readPage}.
 *
 * @param rates - the account's request rates, which determine the backoff
 */
export function operationsOf<ClientInput extends object, ClientOutput extends MetadataBearer, Config>(
  client: Client<ClientInput, ClientOutput, Config>,
  rates: RequestRates,
) {
  /** A class of the AWS SDK whose instances are requests of one operation. */
  type CommandClass<Input extends ClientInput, Output extends ClientOutput> = new (
    input: Input,
  ) => Command<ClientInput, Input, ClientOutput, Output, Config>;
  const send = async <Input extends ClientInput, Output extends ClientOutput>(
    AwsCommand: CommandClass<Input, Output>,
    input: Input,
    abortSignal?: AbortSignal,
  ): Promise<Output> => client.send(new AwsCommand(withDates(input)), abortSignal && { abortSignal });
  const read =
    <Input extends ClientInput, Output extends ClientOutput>(
      operation: string,
      AwsCommand: CommandClass<Input, Output>,
    ) =>
    (input: Input): Promise<Json<Output>> =>
      attempt(operation, async () => toJson(await send(AwsCommand, input, cancellationSignal())), { rates });
  const change =
    <Input extends ClientInput, Output extends ClientOutput>(
      operation: string,
      AwsCommand: CommandClass<Input, Output>,
    ) =>
    (input: Input): Promise<Changed<Output>> =>
      attempt(
        operation,
        async () => {
          const reply = await send(AwsCommand, input);
          const { requestId } = reply.$metadata;
          return { ...toJson(reply), ...(requestId !== undefined && { requestId }) };
        },
        { changes: true, rates },
      );
  const list =
    <Input extends ClientInput, Output extends ClientOutput>(
      operation: string,
      AwsCommand: CommandClass<Input, Output>,
      pageSize: keyof Input,
    ) =>
    (input: Input): Promise<Json<Output>> =>
      attempt(
        operation,
        () =>
          readPage(operation, input, pageSize, async (some) =>
            toJson(await send(AwsCommand, some, cancellationSignal())),
          ),
        { rates },
      );
  return { read, change, list };
}

/**
 * Reads one page of a list. A page that is too large is read again from the same token with half as many items: 500 jobs of
 * HealthLake with long messages can take 3 MB, and part of them cannot be dropped, because the next token is for after the page.
 *
 * @param pageSize - the input member for the number of items in a page
 * @throws ApplicationFailure `ResultTooLarge` if a single item is too large, or the service returns no smaller page
 */
async function readPage<Input, Page extends object>(
  operation: string,
  input: Input,
  pageSize: keyof Input,
  read: (input: Input) => Promise<Page>,
): Promise<Page> {
  let asked = Infinity;
  for (;;) {
    const page = await read(asked === Infinity ? input : { ...input, [pageSize]: asked });
    const bytes = bytesOf(page);
    if (bytes <= MOST_BYTES_OF_LIST) return page;
    const items = Object.values(page).find(Array.isArray)?.length ?? 0;
    if (items <= 1 || items > asked) {
      const what = items <= 1 ? 'one item of the list' : `a page of ${items} items`;
      throw resultTooLarge(
        operation,
        `${what} has ${bytes} bytes, and a run accepts at most ${MOST_BYTES_OF_LIST}`,
      );
    }
    asked = Math.ceil(items / 2);
  }
}

/**
 * Makes one AWS call.
 *
 * @param kind - whether the call changes something, and the account's request rates
 * @throws ApplicationFailure made by {@link toFailure}
 */
export async function attempt<Result>(
  operation: string,
  call: () => Promise<Result>,
  kind: Pick<FailedAttempt, 'changes' | 'rates'> = {},
): Promise<Result> {
  try {
    return await call();
  } catch (error) {
    if (error instanceof ApplicationFailure) throw error;
    const { attempt: number, scheduledTimestampMs, ...timeouts } = activityInfo();
    const age = Date.now() - scheduledTimestampMs;
    // No attempt may begin later than this: scheduleToClose could end it before its own timeout, while AWS still works on it,
    // and the run could not tell whether AWS has applied it.
    const budget = timeouts.scheduleToCloseTimeoutMs - timeouts.startToCloseTimeoutMs;
    throw toFailure(operation, error, { ...kind, number, age, budget: budget > 0 ? budget : undefined });
  }
}

/** Serializes a reply as Temporal does, without its `$metadata`. */
export function toJson<Output>(reply: Output): Json<Output> {
  return JSON.parse(
    JSON.stringify(reply, (name: string, value: unknown) => (name === '$metadata' ? undefined : value)),
  );
}

/** The timestamp members in the inputs of both services. */
const TIMESTAMPS: ReadonlySet<string> = new Set([
  'CreatedAfter',
  'CreatedBefore',
  'SubmittedAfter',
  'SubmittedBefore',
  'createdAt',
  'updatedAt',
]);

/** Turns timestamps back into `Date`, because Temporal passes them as text, which the SDK would send unchanged. */
export function withDates<Input>(input: Input): Input {
  const revive = (value: unknown): unknown => {
    if (Array.isArray(value)) return value.map(revive);
    if (!isRecord(value) || value instanceof Date || ArrayBuffer.isView(value)) return value;
    const members = Object.entries(value).map(([name, held]) => [
      name,
      TIMESTAMPS.has(name) && typeof held === 'string' ? new Date(held) : revive(held),
    ]);
    return Object.fromEntries(members);
  };
  return revive(input) as Input;
}
