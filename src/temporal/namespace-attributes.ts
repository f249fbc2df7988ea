import { isRecord } from '../lib/guards.ts';
import { OUR_SEARCH_ATTRIBUTE_NAMES } from '../lib/search-attributes.ts';

/** What a namespace has under the name of one of our search attributes. */
export type AttributeState = 'Keyword' | 'other type' | 'missing';

/** The two calls that tell it, of a connection of either kind. */
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

/** What gRPC calls a visibility query that cannot be understood. */
const GRPC_INVALID_ARGUMENT = 3;

/**
 * Looks up which of our search attributes a namespace has, and whether they are of type Keyword.
 *
 * The operator service tells the types. Temporal Cloud refuses it (`Connection.operatorService` of the SDK says so), so
 * there two visibility queries for each name tell: `STARTS_WITH` is for attributes of type Keyword alone
 * (https://docs.temporal.io/list-filter), and `IS NOT NULL` for every attribute that is there.
 *
 * @throws Error of gRPC where the server answers neither
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
  const isUnderstood = (query: string) =>
    workflowService.countWorkflowExecutions({ namespace, query }).then(
      () => true,
      (error: unknown) => {
        if (isRecord(error) && error['code'] === GRPC_INVALID_ARGUMENT) return false;
        throw error;
      },
    );
  if (await isUnderstood(`${name} STARTS_WITH 'a'`)) return 'Keyword';
  return (await isUnderstood(`${name} IS NOT NULL`)) ? 'other type' : 'missing';
}
