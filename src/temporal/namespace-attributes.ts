import { isGrpcError } from './grpc.ts';
import { OUR_SEARCH_ATTRIBUTE_NAMES } from '../lib/search-attributes.ts';

/** Whether a namespace has one of our search attributes, with the right type. */
export type AttributeState = 'Keyword' | 'other type' | 'missing';

/** The two calls that {@link lookUpSearchAttributes} makes. Both the client's and the worker's connection have them. */
interface Server {
  readonly operatorService: {
    listSearchAttributes(request: {
      namespace: string;
    }): Promise<{ customAttributes: Readonly<Record<string, number>> }>;
  };
  readonly workflowService: {
    countWorkflowExecutions(request: { namespace: string; query: string }): Promise<unknown>;
  };
}

/** `IndexedValueType.INDEXED_VALUE_TYPE_KEYWORD` of Temporal's API. */
const KEYWORD = 2;

/**
 * Looks up which of our search attributes a namespace has, and whether they are of type Keyword.
 *
 * The operator service lists the types. Temporal Cloud does not offer that service (see `Connection.operatorService` of the
 * SDK), so there two visibility queries per name determine the type: the server accepts `STARTS_WITH` only for attributes of
 * type Keyword (https://docs.temporal.io/list-filter), and `IS NOT NULL` for every attribute that exists.
 *
 * @throws the gRPC error if neither call succeeds
 */
export async function lookUpSearchAttributes(
  server: Server,
  namespace: string,
): Promise<Map<string, AttributeState>> {
  const types = await server.operatorService.listSearchAttributes({ namespace }).then(
    ({ customAttributes }) => customAttributes,
    () => undefined,
  );
  const states = OUR_SEARCH_ATTRIBUTE_NAMES.map(
    async (name) =>
      [name, types ? stateOf(types[name]) : await stateByQuery(server, namespace, name)] as const,
  );
  return new Map(await Promise.all(states));
}

function stateOf(type: number | undefined): AttributeState {
  if (type === undefined) return 'missing';
  return type === KEYWORD ? 'Keyword' : 'other type';
}

async function stateByQuery(
  { workflowService }: Server,
  namespace: string,
  name: string,
): Promise<AttributeState> {
  const isValid = (query: string) =>
    workflowService.countWorkflowExecutions({ namespace, query }).then(
      () => true,
      (error: unknown) => {
        // With this status the server rejects a visibility query on an attribute that is missing or of another type.
        if (isGrpcError(error, 'INVALID_ARGUMENT')) return false;
        throw error;
      },
    );
  if (await isValid(`${name} STARTS_WITH 'a'`)) return 'Keyword';
  return (await isValid(`${name} IS NOT NULL`)) ? 'other type' : 'missing';
}
