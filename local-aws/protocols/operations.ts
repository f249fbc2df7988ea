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

/** What a handler gets: the input after the input rules, which have held `required`. */
export type InputOf<Sdk, Operation extends string> =
  CommandOf<Sdk, Operation> extends { readonly input: infer Input } ? Checked<Input> : never;

/** What a handler gives: the output without the SDK's own additions, streams as bytes. */
export type OutputOf<Sdk, Operation extends string> =
  CommandOf<Sdk, Operation> extends {
    resolveMiddleware(...args: never[]): (...args: never[]) => Promise<{ output: infer Output }>;
  }
    ? { [Member in keyof Output as Exclude<Member, '$metadata'>]: Bytes<Output[Member]> }
    : never;

type Bytes<T> = NonNullable<T> extends { transformToByteArray(): unknown } ? Uint8Array : T;

/** The SDK types every required member as `T | undefined`; once checked, only the optional ones still are. */
type Checked<T> = T extends Date | Uint8Array | readonly string[]
  ? T
  : T extends object
    ? { [K in keyof T]: object extends Pick<T, K> ? Checked<T[K]> : Checked<Exclude<T[K], undefined>> }
    : T;

export type HandlerOf<Sdk, Operation extends string> = (
  input: InputOf<Sdk, Operation>,
) => OutputOf<Sdk, Operation> | Promise<OutputOf<Sdk, Operation>>;

/** A handler for every operation that the SDK client knows: one that is forgotten, or that a newer SDK adds, is a compile error. */
export type Handlers<Sdk> = {
  readonly [Operation in OperationsOf<Sdk> & string]: HandlerOf<Sdk, Operation>;
};

/** A handler table of no service in particular, as the server calls it. */
type AnyHandlers = Readonly<Record<string, (input: never) => object | Promise<object>>>;

/** Holds an input against the service's rules, then runs its handler. */
export async function runOperation(
  service: RulesService,
  handlers: AnyHandlers,
  operation: string,
  input: object,
): Promise<object> {
  const handler = handlers[operation];
  if (!handler) throw new Error(`the local AWS has no handler for ${operation}`);
  const problems = operationProblems(service, operation, input);
  if (problems.length > 0) {
    throw invalid(problems.map(({ member, rule }) => `${member || 'input'} ${rule}`).join('; '));
  }
  return handler(input as never);
}
