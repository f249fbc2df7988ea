import type { Service as RulesService } from '../../src/input-rules/service.ts';
import { operationProblems } from '../../src/input-rules/service.ts';
import { invalid } from '../errors.ts';

/** The operations of an SDK client, given as the type of its module: `typeof import('@aws-sdk/client-…')`. */
export type OperationsOf<Sdk> = {
  [Name in keyof Sdk]: Name extends `${infer Operation}Command`
    ? `${Operation}$` extends keyof Sdk
      ? Operation
      : never
    : never;
}[keyof Sdk];

type CommandOf<Sdk, Operation extends string> = `${Operation}Command` extends keyof Sdk
  ? Sdk[`${Operation}Command`] extends abstract new (...args: never[]) => infer Command
    ? Command
    : never
  : never;

/** The input of a handler. It has passed the input rules, so that its required members are not `undefined`. */
export type InputOf<Sdk, Operation extends string> =
  CommandOf<Sdk, Operation> extends { readonly input: infer Input } ? Checked<Input> : never;

/** The output of a handler: that of the SDK without `$metadata`, and with bytes in place of streams. */
export type OutputOf<Sdk, Operation extends string> =
  CommandOf<Sdk, Operation> extends {
    resolveMiddleware(...args: never[]): (...args: never[]) => Promise<{ output: infer Output }>;
  }
    ? { [Member in keyof Output as Exclude<Member, '$metadata'>]: Bytes<Output[Member]> }
    : never;

type Bytes<T> = NonNullable<T> extends { transformToByteArray(): unknown } ? Uint8Array : T;

/** Removes `undefined` from the required members, which the SDK types as `T | undefined`. Optional members keep it. */
type Checked<T> = T extends Date | Uint8Array | readonly string[]
  ? T
  : T extends object
    ? { [K in keyof T]: object extends Pick<T, K> ? Checked<T[K]> : Checked<Exclude<T[K], undefined>> }
    : T;

/** @param gone - aborts when the client is not there any more, for a handler that waits */
export type HandlerOf<Sdk, Operation extends string> = (
  input: InputOf<Sdk, Operation>,
  gone?: AbortSignal,
) => OutputOf<Sdk, Operation> | Promise<OutputOf<Sdk, Operation>>;

/**
 * A handler for every operation of the SDK client. If one is missing, for example for an operation of a newer SDK, that is a
 * compile error.
 */
export type Handlers<Sdk> = {
  readonly [Operation in OperationsOf<Sdk> & string]: HandlerOf<Sdk, Operation>;
};

/** The handlers of any service, typed so that they can be called by the name of the operation. */
type AnyHandlers = Readonly<Record<string, (input: never, gone?: AbortSignal) => object | Promise<object>>>;

/** Checks an input by the service's rules, and then runs its handler. */
export async function runOperation(
  service: RulesService,
  handlers: AnyHandlers,
  operation: string,
  input: object,
): Promise<object> {
  const problems = operationProblems(service, operation, input);
  if (problems.length > 0) {
    throw invalid(problems.map(({ member, rule }) => `${member || 'input'} ${rule}`).join('; '));
  }
  return runHandler(handlers, operation, input);
}

/** Runs the handler of an operation, for a service whose handlers check their inputs themselves. */
export async function runHandler(
  handlers: AnyHandlers,
  operation: string,
  input: object,
  gone?: AbortSignal,
): Promise<object> {
  const handler = handlers[operation];
  if (!handler) throw new Error(`the local AWS has no handler for ${operation}`);
  return handler(input as never, gone);
}
